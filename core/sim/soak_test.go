package sim

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// asker is a protocol of requests and answers: every few seconds a node asks nodes at
// random, directly and through one that passes the question on.
type asker struct {
	*core.Node
	ids                   []core.NodeID
	asked, answered, told uint64
}

const (
	soakAsk = wire.FirstUserType + iota
	soakRelay
	soakAnswer
)

func (a *asker) Bind(n *core.Node) { a.Node = n }

func (a *asker) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted, wire.TypeTimer:
		for range 3 {
			a.ask(soakAsk)
		}
		a.ask(soakRelay)
		a.After(2*time.Second+time.Duration(a.Rand().Int64N(int64(4*time.Second))), 1)
	case soakAsk:
		a.answer(m)
	case soakRelay:
		c := a.NewMsg(soakAsk, 0, len(m.Payload()))
		copy(c.Payload(), m.Payload())
		a.Send(c, a.someone())
	case soakAnswer:
		a.answered++
	case wire.TypeLinkDown, wire.TypeSendFailed:
		a.told += m.Link().Lost
	}
	return core.Done
}

func (a *asker) someone() core.NodeID { return a.ids[a.Node.Rand().IntN(len(a.ids))] }

// ask sends a question that says who wants the answer.
func (a *asker) ask(t core.Type) {
	id := []byte(a.ID().String())
	m := a.NewMsg(t, 0, len(id))
	copy(m.Payload(), id)
	a.asked++
	a.Send(m, a.someone())
}

func (a *asker) answer(m *core.Msg) {
	if id, err := core.ParseNodeID(string(m.Payload())); err == nil {
		a.Send(a.NewMsg(soakAnswer, 0, 100), id)
	}
}

// level is what must not grow.
type level struct {
	at                                      time.Duration
	lanes, timers, events, slabs, knownNode int
	links                                   int
	heapMB                                  float64
	asked, answered, told                   uint64
}

func (l level) String() string {
	return fmt.Sprintf("%v: %d lanes, %d links, %d timers, %d events queued, %d slabs, %d links and lanes in nodes, heap %.1f MB; asked %d, answered %d, told %d",
		l.at, l.lanes, l.links, l.timers, l.events, l.slabs, l.knownNode, l.heapMB, l.asked, l.answered, l.told)
}

// soak runs so many nodes under churn, a restart every so often, and takes levels.
func soak(t *testing.T, nodes int, churn, span, every time.Duration) (levels []level) {
	w := newWorld(t, Options{Seed: 1})
	var ids []core.NodeID
	for i := range nodes {
		ids = append(ids, w.ID(fmt.Sprint("n", i)))
	}
	var lives []*asker
	for i := range nodes {
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm {
			a := &asker{ids: ids}
			lives = append(lives, a)
			return a
		})
	}
	rng := core.Rand(7)
	for at := churn; at < span; at += churn {
		name := fmt.Sprint("n", rng.IntN(nodes))
		w.Schedule(Fault{At: at, Kind: []FaultKind{Crash, Restart, Stop}[rng.IntN(3)], Nodes: []string{name}},
			Fault{At: at + time.Duration(rng.Int64N(int64(time.Minute))), Kind: Restart, Nodes: []string{name}})
	}
	var sum asker
	for w.Now() < span {
		mustRun(t, w, every)
		l := level{at: w.Now(), lanes: w.Totals().Lanes, links: w.Totals().Links, timers: len(w.timers.list) - len(w.timers.free),
			events: len(w.queue.heap), slabs: int(w.pool.Held())}
		running := lives[:0]
		for _, a := range lives {
			if a.Ended() {
				sum.asked, sum.answered, sum.told = sum.asked+a.asked, sum.answered+a.answered, sum.told+a.told
				continue
			}
			running = append(running, a)
			s := a.Stats()
			l.knownNode += len(s.Upstream) + len(s.Downstream)
			l.asked, l.answered, l.told = l.asked+a.asked, l.answered+a.answered, l.told+a.told
		}
		clear(lives[len(running):])
		lives = running
		l.asked, l.answered, l.told = l.asked+sum.asked, l.answered+sum.answered, l.told+sum.told
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		l.heapMB = float64(m.HeapAlloc) / (1 << 20)
		levels = append(levels, l)
		t.Log(l)
	}
	if len(w.Panics()) > 0 {
		t.Errorf("panics: %v", w.Panics()[0])
	}
	return levels
}

// TestSoak: nodes that ask and answer at random, under churn, keep no more lanes,
// timers and slabs after an hour than after minutes. In full, with IOVERLAY_SOAK=1, it
// is 1,000 nodes for an hour of virtual time; see its output with -v.
func TestSoak(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build's records take minutes for minutes of virtual time")
	}
	nodes, churn, span := 100, 5*time.Second, 10*time.Minute
	if os.Getenv("IOVERLAY_SOAK") != "" {
		nodes, churn, span = 1000, time.Second, time.Hour
	}
	levels := soak(t, nodes, churn, span, span/12)
	early, late := level{}, level{} // the highest of the second quarter, and of the second half
	for i, l := range levels {
		into := &late
		switch {
		case i < 3:
			continue // lanes live for minutes: it begins with fewer
		case i < 6:
			into = &early
		}
		into.lanes, into.timers = max(into.lanes, l.lanes), max(into.timers, l.timers)
		into.events, into.slabs, into.knownNode = max(into.events, l.events), max(into.slabs, l.slabs), max(into.knownNode, l.knownNode)
	}
	grown := func(what string, early, late int) {
		if late > early+early/10+10 {
			t.Errorf("%s have grown from %d to %d", what, early, late)
		}
	}
	grown("lanes", early.lanes, late.lanes)
	grown("timers", early.timers, late.timers)
	grown("events in the queue", early.events, late.events)
	grown("slabs", early.slabs, late.slabs)
	grown("lanes in nodes", early.knownNode, late.knownNode)
	if last := levels[len(levels)-1]; last.answered+last.told < last.asked*9/10 {
		t.Errorf("of %d questions only %d were answered", last.asked, last.answered)
	}
}
