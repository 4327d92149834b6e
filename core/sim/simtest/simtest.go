// Package simtest runs an algorithm in virtual time in a Go test, and says what
// each node saw:
//
//	w := simtest.New(t, sim.Options{Seed: 7})
//	w.Add(20, func(i int) core.Algorithm { return &Gossip{} })
//	w.RunFor(10 * time.Second)
//	if got := w.Saw("n19").Type(wire.TypeData); len(got) != 100 { ... }
//
// The test fails by itself if an algorithm panics (but see [World.Panicked]), keeps
// a slab, or makes time stand still. When it ends, so does the run: every algorithm is
// told Stopping, as in every world (see [World.Stop]). What failed can be run again: the same options
// give the same run, and the test's log names the seed.
package simtest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// TB is what a World needs of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	Failed() bool
}

// World is a sim.World that remembers what its nodes saw. It belongs to its test,
// which closes it when it ends.
type World struct {
	*sim.World
	t        TB
	saw      map[*sim.Node]Records
	expected map[*sim.Node]bool // to panic
}

// maxSteps is where a test gives up that makes no progress: it remembers all that
// is seen, so it must not wait for as long as sim.DefaultMaxSteps.
const maxSteps = 1_000_000

// New makes a world for a test. If the options name a watcher, it is told too.
func New(t TB, o sim.Options) *World {
	w := &World{t: t, saw: make(map[*sim.Node]Records), expected: make(map[*sim.Node]bool)}
	if o.MaxSteps == 0 {
		o.MaxSteps = maxSteps
	}
	o.Watch = &recorder{world: w, next: o.Watch}
	w.World = sim.New(o)
	t.Cleanup(w.close)
	return w
}

// Add adds nodes n0, n1 and so on, and returns them. Each is started again, if a
// fault restarts it, with another algorithm of its number.
func (w *World) Add(count int, algorithm func(i int) core.Algorithm) []*sim.Node {
	first := len(w.Nodes())
	for i := first; i < first+count; i++ {
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return algorithm(i) })
	}
	return w.Nodes()[first:]
}

// Run goes on until nothing is left to do.
func (w *World) Run() {
	w.t.Helper()
	if err := w.World.Run(); err != nil {
		w.t.Fatalf("seed %d: %v", w.Seed(), err)
	}
}

// RunFor goes on until nothing is left to do within d, which is then over.
func (w *World) RunFor(d time.Duration) {
	w.t.Helper()
	if err := w.World.RunFor(d); err != nil {
		w.t.Fatalf("seed %d: %v", w.Seed(), err)
	}
}

// endTime is how long nodes may take to end: long enough for what an emulated link of a
// test holds, and no test waits for it, since time is virtual.
const endTime = time.Minute

// Stop ends the run, as it ends by itself when the test does: all nodes are told Stopping
// at once and stop gracefully. The test fails if one cannot deliver what it has accepted.
func (w *World) Stop() {
	w.t.Helper()
	if err := w.World.Stop(endTime); err != nil {
		w.t.Fatalf("seed %d: %v", w.Seed(), err)
	}
}

// Send makes a node send a message: a way to say anything to an algorithm.
func (w *World) Send(from *sim.Node, to core.NodeID, t core.Type, app uint32, seq uint64, payload []byte) {
	n := from.Core()
	n.Call(func() {
		m := n.NewMsg(t, app, len(payload))
		m.SetSeq(seq)
		copy(m.Payload(), payload)
		n.Send(m, to)
	})
}

// Saw is all that the algorithms of a node were given so far, in order. A name that
// no node has fails the test.
func (w *World) Saw(name string) Records {
	w.t.Helper()
	n := w.Node(name)
	if n == nil {
		w.t.Fatalf("simtest: there is no node %q", name)
	}
	return w.saw[n]
}

// Panicked are the panics of a node's algorithms so far, and says that the test
// knows of them, and of all to come at the node.
func (w *World) Panicked(n *sim.Node) (ps []sim.Panic) {
	w.expected[n] = true
	for _, p := range w.Panics() {
		if p.Node == n {
			ps = append(ps, p)
		}
	}
	return ps
}

func (w *World) close() {
	w.t.Helper()
	switch err := w.World.Stop(endTime); {
	case errors.Is(err, sim.ErrUnfinished):
		w.t.Logf("%v", err) // a test may leave links cut
	case err != nil && !w.t.Failed():
		w.t.Errorf("%v", err)
	}
	for _, p := range w.Panics() {
		if !w.expected[p.Node] {
			w.t.Errorf("node %s panicked at %v: %v\n%s", p.Node.Name(), p.At, p.Value, p.Stack)
		}
	}
	if err := w.Close(); err != nil {
		w.t.Errorf("%v", err)
	}
	if w.t.Failed() {
		w.t.Logf("the world had seed %d and ended at %v", w.Seed(), w.Now())
	}
}

// Record is one message that an algorithm was given.
type Record struct {
	At      time.Duration
	Life    int // of the node, from 1
	Type    core.Type
	From    core.NodeID // last hop; zero for what was made at the node, events among them
	Sender  core.NodeID
	App     uint32
	Seq     uint64
	Link    core.LinkEvent // of events of links and sources
	Payload string
}

// Records are messages in the order in which they came.
type Records []Record

// Type are those of one type.
func (rs Records) Type(t core.Type) Records {
	return rs.where(func(r Record) bool { return r.Type == t })
}

// App are those of one application.
func (rs Records) App(app uint32) Records {
	return rs.where(func(r Record) bool { return r.App == app })
}

// From are those that came from one node.
func (rs Records) From(id core.NodeID) Records {
	return rs.where(func(r Record) bool { return r.From == id })
}

// Between are those from a time on and before another.
func (rs Records) Between(from, to time.Duration) Records {
	return rs.where(func(r Record) bool { return r.At >= from && r.At < to })
}

// Seqs are their sequence numbers.
func (rs Records) Seqs() []uint64 {
	seqs := make([]uint64, len(rs))
	for i, r := range rs {
		seqs[i] = r.Seq
	}
	return seqs
}

func (rs Records) where(wanted func(Record) bool) Records {
	return slices.DeleteFunc(slices.Clone(rs), func(r Record) bool { return !wanted(r) })
}

// recorder is the world's watcher.
type recorder struct {
	world *World
	next  sim.Watcher
}

func (rec *recorder) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	r := Record{At: at, Life: n.Lives(), Type: m.Type(), From: m.From(), Sender: m.Sender(), App: m.App(), Seq: m.Seq(), Payload: string(m.Payload())}
	switch m.Type() {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeLinkStalled, wire.TypeLinkRecovered, wire.TypeSendFailed, wire.TypeSourceEnd, wire.TypeBrokenSource:
		r.Link = m.Link()
	}
	rec.world.saw[n] = append(rec.world.saw[n], r)
	if rec.next != nil {
		rec.next.Message(at, n, m)
	}
}

func (rec *recorder) Sent(at time.Duration, from, to *sim.Node, app uint32, r core.Run) {
	if rec.next != nil {
		rec.next.Sent(at, from, to, app, r)
	}
}

func (rec *recorder) Fault(at time.Duration, f sim.Fault) {
	if rec.next != nil {
		rec.next.Fault(at, f)
	}
}

func (rec *recorder) Warned(at time.Duration, n *sim.Node, from core.NodeID, app uint32, err error) {
	if rec.next != nil {
		rec.next.Warned(at, n, from, app, err)
	}
}

func (rec *recorder) Ended(at time.Duration, n *sim.Node, c *core.Crash) {
	if rec.next != nil {
		rec.next.Ended(at, n, c)
	}
}
