package stream_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }

const app = 1

// screen checks the synthetic packets that a sink plays.
type screen struct {
	*stream.Sink
	played []uint64 // their indices
	ended  int
	fault  error
}

func newScreen(o stream.SinkOptions) *screen {
	s := &screen{}
	o.App = app
	o.Out = func(p []byte) {
		for at := 0; at < len(p); at += stream.PacketLen {
			index, whole := stream.CheckSynthetic(p[at : at+stream.PacketLen])
			if !whole || len(s.played) > 0 && index <= s.played[len(s.played)-1] {
				s.fault = fmt.Errorf("packet %d after %d, whole: %v", index, len(s.played), whole)
			}
			s.played = append(s.played, index)
		}
	}
	o.Ended = func() { s.ended++ }
	s.Sink = stream.NewSink(o)
	return s
}

// check holds what was played against the counters: perMsg packets a message, sent messages from the first played on.
func (s *screen) check(t *testing.T, who string, perMsg int, sent uint64) {
	t.Helper()
	c := s.Counts()
	first := s.played[0] / uint64(perMsg)
	if s.fault != nil || c.Played+c.Lost != sent-first || c.Bad != 0 || uint64(len(s.played))+c.Skipped != uint64(perMsg)*c.Played {
		t.Errorf("%s: %v: of %d messages from %d on %+v, %d packets", who, s.fault, sent, first, c, len(s.played))
	}
}

// grove is a tree of sixteen nodes, of which the first is the root and has the source; all others play.
type grove struct {
	*simtest.World
	nodes   []*sim.Node
	trees   []*tree.Tree
	screens []*screen
}

func grow(t *testing.T, seed uint64, o stream.SinkOptions) *grove {
	const nodes = 16
	g := &grove{World: simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled}), trees: make([]*tree.Tree, nodes), screens: make([]*screen, nodes)}
	g.nodes = g.Add(nodes, func(i int) core.Algorithm {
		g.trees[i], g.screens[i] = tree.New(tree.NodeStress), newScreen(o)
		g.trees[i].Bandwidth = float64(100_000 + 20_000*(i%5))
		for other := range nodes {
			if other != i {
				g.trees[i].AddHost(g.ID(fmt.Sprint("n", other)))
			}
		}
		return stream.Beside(g.trees[i], g.screens[i].Sink)
	})
	g.trees[0].Roots = []uint32{app}
	g.RunFor(time.Second)
	for i, n := range g.nodes[1:] {
		n.Core().Call(func() { g.trees[i+1].Join(app) })
		g.RunFor(200 * time.Millisecond)
	}
	return g
}

// busiest is which inner node has the most children.
func (g *grove) busiest() int {
	most := 1
	for i := range g.nodes[1:] {
		if len(g.trees[i+1].Children(app)) > len(g.trees[most].Children(app)) {
			most = i + 1
		}
	}
	return most
}

// A tree of sixteen, whose busiest inner node fails midway: all the others play what the source sent, whole and in order, and
// count what they miss; within the delay that they were given.
func TestStreamThroughATreeThatLosesAParent(t *testing.T) {
	const messages, rate, delay = 2000, 100, time.Second
	w := grow(t, 5, stream.SinkOptions{Delay: delay})
	trees, screens, all := w.trees, w.screens, w.nodes
	source := stream.NewSynthetic(stream.SourceOptions{App: app}, rate, messages)
	all[0].Core().Call(func() { all[0].Core().Node().AddSource(app, source) })
	w.RunFor(8 * time.Second)
	busiest := w.busiest()
	if len(trees[busiest].Children(app)) == 0 {
		t.Fatal("a tree without an inner node")
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{all[busiest].Name()}})
	w.RunFor(20 * time.Second)
	for i, s := range screens {
		if i == 0 || i == busiest {
			continue
		}
		s.check(t, all[i].Name(), 7, messages)
		if c := s.Counts(); c.Played < messages-100 || c.Lost > 0 && c.MaxGap == 0 || time.Duration(c.MaxDelay) > delay+delay {
			t.Errorf("%s: %+v", all[i].Name(), c)
		}
	}
}

// pair is a source's node and a sink's, and a link with loss between them.
func pair(t *testing.T, seed uint64, loss float64, src func() core.Source, s *screen) *simtest.World {
	w := simtest.New(t, sim.Options{Seed: seed})
	sink := w.AddNode("sink", func() core.Algorithm { return stream.Beside(relay.New(nil), s.Sink) })
	from := w.AddNode("source", func() core.Algorithm { return relay.New(nil, sink.ID()) })
	from.SetLink(sink.ID(), emul.Link{Loss: loss, Latency: 30 * time.Millisecond})
	from.Core().AddSource(app, src())
	return w
}

// On a link that loses a tenth of all messages the code finds nearly all of them again, in time; without it they are lost.
func TestRepair(t *testing.T) {
	const messages, media = 3000, 2400 // one of five is repair
	lost := map[int]uint64{}
	for _, every := range []int{0, 4} {
		s := newScreen(stream.SinkOptions{Delay: time.Second})
		o := stream.SourceOptions{App: app}
		sent := uint64(messages)
		if every > 0 {
			o.Repair, sent = stream.Repair{Every: every, Window: 64}, media
		}
		src := stream.NewSynthetic(o, 200, messages)
		w := pair(t, 3, 0.1, func() core.Source { return src }, s)
		w.RunFor(20 * time.Second)
		c := s.Counts()
		if c.Bad != 0 || c.Played+c.Lost > sent || c.Played+c.Lost < sent-10 || (every > 0) != (c.Repaired > 0) || s.fault != nil {
			t.Errorf("every %d: %+v, %v", every, c, s.fault)
		}
		lost[every] = c.Lost
		if sc := src.Counts(); sc.Media != sent || sc.Sent != messages || sc.Repair != messages-sent || sc.Dropped != 0 {
			t.Errorf("every %d: the source says %+v", every, sc)
		}
	}
	if lost[0] < messages/20 || lost[4] > lost[0]/20 {
		t.Errorf("%d lost without repair, %d with", lost[0], lost[4])
	}
}

// What is pushed comes out as it went in, cut anywhere, and the stream's end is known.
func TestPushedBytes(t *testing.T) {
	const packets = 1000
	in := make([]byte, packets*stream.PacketLen)
	for i := range packets {
		stream.Synthetic(in[i*stream.PacketLen:], uint64(i))
	}
	s := newScreen(stream.SinkOptions{})
	src := stream.NewSource(stream.SourceOptions{App: app, Packets: 5})
	w := pair(t, 1, 0, func() core.Source { return src }, s)
	w.RunFor(100 * time.Millisecond)
	from := w.Nodes()[1].Core()
	for left := bytes.Clone(in); len(left) > 0; {
		n := min(777, len(left))
		from.Call(func() { src.Push(from.Node(), left[:n]) })
		left = left[n:]
		w.RunFor(time.Millisecond)
	}
	from.Call(func() { src.End(from.Node()) })
	w.RunFor(5 * time.Second)
	if s.fault != nil || len(s.played) != packets || s.ended != 1 || s.Counts().Lost != 0 || src.Counts().Junk != 0 {
		t.Errorf("%v: %d packets, ended %d times, %+v, %+v", s.fault, len(s.played), s.ended, s.Counts(), src.Counts())
	}
}

// A source that begins anew is followed, and what was there of the life before is played.
func TestSourceThatBeginsAnew(t *testing.T) {
	s := newScreen(stream.SinkOptions{})
	src := []*stream.SyntheticSource{
		stream.NewSynthetic(stream.SourceOptions{App: app}, 100, 200), stream.NewSynthetic(stream.SourceOptions{App: app}, 100, 300),
	}
	w := pair(t, 1, 0, func() core.Source { return src[0] }, s)
	w.RunFor(2500 * time.Millisecond) // all are sent, and a half has been played
	from := w.Nodes()[1].Core()
	from.Call(func() { from.Node().AddSource(app, src[1]) })
	w.RunFor(10 * time.Second)
	c := s.Counts()
	if c.Played != 500 || c.Lost != 0 || c.Restarts != 1 || c.Bad != 0 {
		t.Errorf("%+v", c)
	}
	if again := slices.Index(s.played[1:], 0); again+1 != 200*7 {
		t.Errorf("the second life begins at packet %d", again+1)
	}
}

// Media that the overlay does not take are dropped, the oldest first, and counted at both ends.
func TestSourceDropsWhatWaitsForTooLong(t *testing.T) {
	const messages = 2000
	s := newScreen(stream.SinkOptions{})
	src := stream.NewSynthetic(stream.SourceOptions{App: app, MaxWait: 500 * time.Millisecond}, 200, messages)
	w := pair(t, 1, 0, func() core.Source { return src }, s)
	w.Nodes()[1].SetLink(w.Nodes()[0].ID(), emul.Link{Rate: 130_000}) // half of what there is
	w.RunFor(60 * time.Second)
	c, sc := s.Counts(), src.Counts()
	if sc.Dropped == 0 || sc.Sent+sc.Dropped != messages || c.Played != sc.Sent || c.Lost == 0 || c.Lost > sc.Dropped {
		t.Errorf("the source %+v, the sink %+v", sc, c)
	}
}

// Whatever comes, it is played, or counted, and nothing panics.
func TestSenseless(t *testing.T) {
	s := newScreen(stream.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	sink := w.AddNode("sink", func() core.Algorithm { return stream.Beside(relay.New(nil), s.Sink) })
	from := w.AddNode("source", func() core.Algorithm { return relay.New(nil, sink.ID()) })
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		p := make([]byte, stream.HeaderLen+dice.IntN(3)*stream.PacketLen)
		for at := stream.HeaderLen; at < len(p); at += stream.PacketLen {
			stream.Synthetic(p[at:], dice.Uint64N(100))
		}
		h := stream.Header{Kind: stream.Kind(dice.IntN(3)), Epoch: dice.Uint32N(3), Seq: dice.Uint64N(300), Time: time.Duration(dice.Int64N(1e9))}
		if dice.IntN(20) == 0 {
			h.Seq, h.Time = dice.Uint64N(1<<62), time.Duration(dice.Int64())
		}
		h.Put(p)
		if body := p[stream.HeaderLen:]; h.Kind == stream.KindRepair && len(body) > 0 && dice.IntN(2) == 0 { // a coded packet, nearly
			n := 24 + dice.IntN(100)
			p, body = p[:stream.HeaderLen+n], body[:n]
			copy(body, []byte{1, byte(coding.KindWindowCoded), 0, byte(n - 24 - 1), 0, 0, 0, byte(h.Epoch), 0, 0, 0, 0, 0, 0, 0, 0, byte(h.Seq - 1), 0, 0, 0})
		}
		for range dice.IntN(3) {
			p[dice.IntN(len(p))] ^= byte(dice.IntN(2) << dice.IntN(8))
		}
		w.Send(from, sink.ID(), wire.TypeData, app, uint64(i), p[:len(p)-dice.IntN(2)*dice.IntN(len(p))])
		w.RunFor(time.Duration(dice.IntN(2)) * time.Millisecond)
	}
	w.RunFor(10 * time.Second)
	if c := s.Counts(); c.Played == 0 || c.Bad == 0 || c.Restarts == 0 || c.Late > c.Lost {
		t.Errorf("%+v", c)
	}
}

// A message costs no memory of its own, once the buffers are there.
func TestNoAllocations(t *testing.T) {
	for _, repair := range []stream.Repair{{}, {Every: 4, Window: 64}} {
		w := sim.New(sim.Options{Seed: 1})
		s := stream.NewSink(stream.SinkOptions{App: app})
		sink := w.AddNode("sink", func() core.Algorithm { return stream.Beside(relay.New(nil), s) })
		from := w.AddNode("source", func() core.Algorithm { return relay.New(nil, sink.ID()) })
		from.Core().AddSource(app, stream.NewSynthetic(stream.SourceOptions{App: app, Repair: repair}, 500, 0))
		run := func() {
			if err := w.RunFor(time.Second); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			run()
		}
		before := s.Counts().Played
		perSecond := testing.AllocsPerRun(5, run)
		if played := s.Counts().Played - before; perSecond > 25 || played < 2000 { // of 500 messages: a slab now and then, and what grows
			t.Errorf("%+v: %v allocations a second, with %d messages in 6 s", repair, perSecond, played)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
