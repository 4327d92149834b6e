package netcode_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// winReader is a receiver's Deliver: the slow oracle. It holds each message against what the source made under that number, and in
// order; what was left out must have been older than the deadline.
type winReader struct {
	t        coretest.TB
	name     string
	now      func() time.Duration
	src      *counted
	born     *[]time.Duration // of the messages, by number
	deadline time.Duration    // 0: nothing may be left out
	stream   func() uint32
	began    func() uint64

	begun    bool
	late     bool // it may begin late, or miss what was there while it, or its ways, were not
	of       uint32
	next     uint64
	got      uint64
	skipped  uint64
	delays   []time.Duration
	restarts bool // streams, or this node, may begin anew
}

func (r *winReader) deliver(seq uint64, message []byte) {
	if s := r.stream(); s != r.of {
		r.of, r.begun = s, false
	}
	if r.restarts && seq < r.next {
		r.begun = false
	}
	if !r.begun {
		r.begun, r.next = true, r.began()
		for n := range r.next {
			if !r.late && r.now()-r.bornAt(n) < r.deadline {
				r.t.Fatalf("%s: begins with %d, after %v with a deadline of %v", r.name, r.next, r.now()-r.bornAt(n), r.deadline)
			}
		}
		if r.late {
			r.next = seq
		}
	}
	if seq < r.next {
		r.t.Fatalf("%s: message %d after %d", r.name, seq, r.next)
	}
	if want := payload(1, seq, r.src.size(seq)); !bytes.Equal(message, want) {
		r.t.Fatalf("%s: message %d is not what was sent", r.name, seq)
	}
	for ; r.next < seq; r.next++ {
		r.skipped++
		if born := r.bornAt(r.next); !r.late && (r.deadline == 0 || r.now()-born < r.deadline) {
			r.t.Fatalf("%s: message %d was given up after %v, with a deadline of %v", r.name, r.next, r.now()-born, r.deadline)
		}
	}
	r.next++
	r.got++
	r.delays = append(r.delays, r.now()-r.bornAt(seq))
}

func (r *winReader) bornAt(seq uint64) time.Duration {
	if r.born == nil || seq >= uint64(len(*r.born)) {
		return 0
	}
	return (*r.born)[seq]
}

// winGraph is a topology with a multicast by sliding window at each place.
type winGraph struct {
	w     *sim.World
	nodes map[string]*netcode.Window
	read  map[string]*winReader
	src   *counted
	born  []time.Duration
}

// stamped is a source that notes when it made what.
type stamped struct {
	*counted
	born *[]time.Duration
}

func (s stamped) Produce(n *core.Node) core.Supply {
	was := s.sent
	p := s.counted.Produce(n)
	if s.sent > was {
		*s.born = append((*s.born)[:was], n.Now())
	}
	return p
}

// newWinGraph makes nodes of the names, of which receivers are those in to.
func newWinGraph(t coretest.TB, o sim.Options, cfg netcode.WindowSession, names []string, edges []edge, to []string, src *counted) *winGraph {
	g := &winGraph{w: sim.New(o), nodes: map[string]*netcode.Window{}, read: map[string]*winReader{}, src: src}
	t.Cleanup(func() {
		for _, p := range g.w.Panics() {
			t.Errorf("node %s panicked: %v\n%s", p.Node.Name(), p.Value, p.Stack)
		}
		if err := g.w.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
	for _, name := range to {
		g.read[name] = g.reader(t, name, cfg.Deadline)
	}
	for _, name := range names {
		g.w.AddNode(name, func() core.Algorithm {
			s := cfg
			s.App, s.Downstreams = 1, nil
			for _, e := range edges {
				if e.from == name {
					s.Downstreams = append(s.Downstreams, g.w.ID(e.to))
				}
			}
			if r := g.read[name]; r != nil {
				s.Deliver = r.deliver
			}
			g.nodes[name] = netcode.NewWindow(s)
			return g.nodes[name]
		})
	}
	for _, e := range edges {
		g.w.Node(e.from).SetLink(g.w.ID(e.to), e.link)
	}
	g.w.Node(names[0]).Core().AddSource(1, stamped{src, &g.born})
	return g
}

func (g *winGraph) reader(t coretest.TB, name string, deadline time.Duration) *winReader {
	r := &winReader{t: t, name: name, now: g.w.Now, src: g.src, born: &g.born, deadline: deadline}
	r.began = func() uint64 { return g.nodes[name].Began() }
	r.stream = func() uint32 { return g.nodes[name].Stream() }
	return r
}

func (g *winGraph) runFor(t coretest.TB, d time.Duration) {
	if err := g.w.RunFor(d); err != nil {
		t.Fatalf("%v", err)
	}
}

// rates runs for a while and returns what each receiver gets, in messages a second.
func (g *winGraph) rates(t coretest.TB, d time.Duration) map[string]float64 {
	before := map[string]uint64{}
	for name, r := range g.read {
		before[name] = r.got
	}
	g.runFor(t, d)
	rates := map[string]float64{}
	for name, r := range g.read {
		rates[name] = float64(r.got-before[name]) / d.Seconds()
	}
	return rates
}

// atLeast fails unless each receiver named gets its rate in each of several windows of 20 s.
func (g *winGraph) atLeast(t *testing.T, least float64, windows int, names ...string) {
	t.Helper()
	for i := range windows {
		rates := g.rates(t, 20*time.Second)
		for _, name := range names {
			if rates[name] < least {
				t.Errorf("window %d: %s gets %.1f messages a second, want %.0f", i, name, rates[name], least)
			}
		}
	}
}

func (g *winGraph) log(t interface{ Logf(string, ...any) }) {
	for name, m := range g.nodes {
		t.Logf("%s: oldest %d, %+v", name, m.Oldest(), m.Counters())
	}
}

// feedbackLost has links lose on the way back what they lose on the way there.
func (g *winGraph) feedbackLost(edges []edge) {
	for _, e := range edges {
		g.w.Node(e.to).SetLink(g.w.ID(e.from), emul.Link{Loss: e.link.Loss, Latency: e.link.Latency})
	}
}
