package swim_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/algos/swim"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

const typePull = wire.FirstAlgorithmType + 57

// page is a page of facts, or asks for one, as the package documents it.
type page struct {
	at    uint32
	facts algos.FactList
}

func (p *page) Fields(f *pack.Fields) { f.Uint32(&p.at); p.facts.Fields(f) }

// liar answers whoever fetches its facts with full pages for ever.
type liar struct {
	algos.Base
	facts algos.FactList
	pages int
}

func (l *liar) Bind(n *core.Node) {
	l.Base.Bind(n)
	algos.Answer(&l.Base, typePull, func(*core.Msg, *page) *page {
		l.pages++
		return &page{facts: l.facts}
	})
}

// counted is what a counter has come to since it was asked for before.
func counted(s *lossy, name string) uint64 {
	for _, c := range s.TakeMetrics().Counters {
		if c.Name == name {
			return c.More
		}
	}
	return 0
}

// A peer whose facts never end is not heard for ever, nor again at once; and that a member is dead, which it says, does not
// kill it. (A node fetched without end, and no more from anybody else.)
func TestLiar(t *testing.T) {
	w, nodes := group(t, 1, 5, func(l *lossy) { l.Facts.Max = 4096 })
	x := &liar{}
	stranger := w.AddNode("x", func() core.Algorithm { return x })
	w.RunFor(20 * time.Second)
	victim, other := nodes[0], nodes[1]
	for range 512 {
		x.facts = append(x.facts, algos.Fact{Who: other.ID(), Value: 1<<2 | uint64(swim.Dead)})
	}
	died := false
	victim.Algorithm().(*lossy).OnChange = func(who core.NodeID, now swim.State) { died = died || now == swim.Dead }
	for range 300 {
		stranger.Core().Call(func() { x.Post(victim.ID(), typePing, &ping{talk: algos.Talk{Digest: 1}}) })
		w.RunFor(100 * time.Millisecond)
	}
	// 8 pages are all that there may be; and fetches come after 2, 4, 8, ... messages.
	if most := 8 * 9; x.pages < 8 || x.pages > most {
		t.Errorf("%d pages were fetched for 300 messages, want up to %d", x.pages, most)
	}
	if died {
		t.Error("somebody is dead since a peer said so when it was asked for all that it knows")
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Stop, Nodes: []string{"x"}})
	w.RunFor(30 * time.Second)
	agree(t, w, nodes)
}

// A group with more members than a node may know of does not fetch all the time, though its digests differ for ever.
func TestTooManyMembers(t *testing.T) {
	const n, most, minutes = 12, 8, 10
	w, nodes := group(t, 1, n, func(l *lossy) { l.Facts.Max = most })
	w.RunFor(minutes * time.Minute)
	for _, n := range nodes {
		s := n.Algorithm().(*lossy)
		if got := s.Facts.Fetched(); s.Facts.Len() != most || got > 5*minutes {
			t.Errorf("%s knows of %d members, and has fetched %d times in %d minutes", n.Name(), s.Facts.Len(), got, minutes)
		}
	}
}

// However many pings others are to be sent for somebody, a node sends a few at a time, counts what it does not do, and goes on
// to probe. (It opened calls up to their bound, and then held members for suspects that it could not ask.)
func TestStrangersAskForHelp(t *testing.T) {
	w, nodes := group(t, 1, 5, nil)
	x := &algos.Base{}
	stranger := w.AddNode("x", func() core.Algorithm { return x })
	w.RunFor(20 * time.Second)
	victim, crashed := nodes[0], nodes[4]
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.CutOneWay, Nodes: []string{victim.Name(), crashed.Name()}})
	s := victim.Algorithm().(*lossy)
	for range 3 {
		stranger.Core().Call(func() {
			for range algos.MaxCalls/2 - 10 {
				algos.Ask(x, victim.ID(), typePing, &ping{target: crashed.ID()}, 500*time.Millisecond, func(*ping, error) {})
			}
		})
		w.RunFor(100 * time.Millisecond)
		if open := s.CallStats().Open; open > 20 {
			t.Fatalf("%d calls are open", open)
		}
		w.RunFor(time.Second)
	}
	if got := counted(s, "unhelped"); got < algos.MaxCalls {
		t.Errorf("%v ping-reqs were counted as not answered", got)
	}
}

// Who cannot ask has nothing to say of those whom it would have asked.
func TestNoCallsLeft(t *testing.T) {
	w, nodes := group(t, 1, 5, func(l *lossy) {
		l.OnChange = func(who core.NodeID, now swim.State) {
			if now != swim.Alive {
				t.Errorf("%v is held for %v", who, now)
			}
		}
	})
	mute := w.AddNode("x", func() core.Algorithm { return &algos.Base{} })
	w.RunFor(20 * time.Second)
	s := nodes[0].Algorithm().(*lossy)
	nodes[0].Core().Call(func() {
		for range algos.MaxCalls {
			s.Call(mute.ID(), typePing+10, nil, time.Minute, func(*core.Msg, error) {})
		}
	})
	w.RunFor(30 * time.Second)
	if got := counted(s, "unprobed"); got < 20 {
		t.Errorf("%v probes were counted as not made", got)
	}
	w.RunFor(time.Minute)
	agree(t, w, nodes)
}
