// Package coretest is a small world for tests of nodes and algorithms: one
// shard, virtual time, links made by core.Connect, and no luck. The same test
// does the same steps every time.
//
//	w := coretest.New(t, core.Config{})
//	a, b := w.Node("a", algA), w.Node("b", algB)
//	w.Run()
package coretest

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

// TB is what a World needs of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// World is a core.Runtime under the test's control. When the test ends its nodes
// are killed, and a slab still held, or a crash that no Crash call asked for,
// fails the test.
type World struct {
	Log func(line string) // told of dials, warnings and ends, if set

	t       TB
	shard   *core.Shard
	pool    *bufpool.Pool
	now     time.Duration
	timers  []timer         // by time, then by when they were set
	dials   []*core.OutLane // asked for, not answered yet
	names   []string        // of made-up IDs, in order of first use
	nodes   []*core.Switch  // in order of creation, ended ones too
	crashes map[core.NodeID]*core.Crash
	graph   core.WaitGraph
}

type timer struct {
	at   time.Duration
	node *core.Switch
	id   uint64
}

// New makes a world at time 0. The zero Config is ready; idle lanes are closed only if it
// says after what time.
func New(t TB, cfg core.Config) *World {
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = core.NeverIdle // so that Run ends where the traffic does
	}
	w := &World{t: t, pool: bufpool.New(bufpool.Options{}), crashes: make(map[core.NodeID]*core.Crash)}
	w.shard = core.NewShard(w, w.pool, cfg)
	t.Cleanup(w.close)
	return w
}

// Shard is the shard of all nodes.
func (w *World) Shard() *core.Shard { return w.shard }

// Node adds a node and starts it: the algorithm sees Started in the next step. Its
// randomness is seeded with its place in the order of creation.
func (w *World) Node(name string, alg core.Algorithm) *core.Switch {
	n := w.shard.NewNode(w.ID(name), alg, core.Rand(uint64(len(w.nodes))))
	w.nodes = append(w.nodes, n)
	n.Start()
	return n
}

// AllUp tells every node that runs that all are up, as other worlds do by themselves
// when those that they begin with have started.
func (w *World) AllUp() {
	for _, n := range w.nodes {
		n.TellWorldUp()
	}
}

// ID is the node ID of a name: "10.1.1.1:80" is itself, and any other name gets an
// ID of its own when it is first used: 10.0.0.1:7000, 10.0.0.2:7000 and so on.
func (w *World) ID(name string) core.NodeID {
	if id, err := core.ParseNodeID(name); err == nil {
		return id
	}
	i := slices.Index(w.names, name)
	if i < 0 {
		i = len(w.names)
		w.names = append(w.names, name)
	}
	i++
	return core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 7000))
}

// Name is the name that an ID was made from, or the ID as text.
func (w *World) Name(id core.NodeID) string {
	for _, name := range w.names {
		if w.ID(name) == id {
			return name
		}
	}
	return id.String()
}

// Send makes a node send a message to another: a way to say anything to an
// algorithm under test.
func (w *World) Send(from Addressed, to core.NodeID, t core.Type, app uint32, seq uint64, payload []byte) {
	w.t.Helper()
	n := w.Switch(from)
	n.Call(func() {
		m := n.NewMsg(t, app, len(payload))
		m.SetSeq(seq)
		copy(m.Payload(), payload)
		n.Send(m, to)
	})
}

// Addressed is anything with a node's ID: a node, or an algorithm that embeds one.
type Addressed interface{ ID() core.NodeID }

// Call runs fn on a node, as core.Switch.Call does: how a test makes an algorithm do
// something by itself.
func (w *World) Call(n Addressed, fn func()) {
	w.t.Helper()
	w.Switch(n).Call(fn)
}

// Deliver hands a node a message as an application in its process would.
func (w *World) Deliver(n Addressed, t core.Type, app uint32, seq uint64, payload []byte) {
	w.t.Helper()
	w.Switch(n).Deliver(t, app, seq, payload)
}

// Switch is a node as its runtime sees it, in its last life if it has ended.
func (w *World) Switch(n Addressed) *core.Switch {
	w.t.Helper()
	for _, s := range slices.Backward(w.nodes) {
		if s.ID() == n.ID() {
			return s
		}
	}
	w.t.Fatalf("coretest: there is no node %s", w.Name(n.ID()))
	return nil
}

// Step does the next thing there is: answer the dials, or serve one node for one
// round, or ask the sources once, or move time on to the next timer. It reports
// whether there was anything.
func (w *World) Step() bool { return w.step(1<<63 - 1) }

func (w *World) step(until time.Duration) bool {
	w.shard.Flush()
	switch {
	case len(w.dials) > 0:
		w.answer()
	case w.shard.ServeNext(), w.shard.Unflushed():
	case w.shard.Sources():
		w.shard.Inject()
	case len(w.timers) > 0 && w.timers[0].at <= until:
		t := w.timers[0]
		w.timers = slices.Delete(w.timers, 0, 1)
		w.now = max(w.now, t.at)
		t.node.Fire(t.id)
	default:
		return false
	}
	return true
}

// maxSteps is where Run and RunFor give up: something repeats itself for ever.
const maxSteps = 10_000_000

// Run goes on until nothing is left to do. Timers that set themselves again never
// end: use RunFor.
func (w *World) Run() { w.t.Helper(); w.run(1<<63 - 1) }

// RunFor goes on until nothing is left to do within d, which is then over.
func (w *World) RunFor(d time.Duration) {
	w.t.Helper()
	until := w.now + d
	w.run(until)
	w.now = until
}

func (w *World) run(until time.Duration) {
	w.t.Helper()
	for range maxSteps {
		if !w.step(until) {
			return
		}
	}
	w.t.Fatalf("coretest: still busy after %d steps, at %v", maxSteps, w.now)
}

// Crash is the panic that ended a node, or nil, and says that the test knows of it.
func (w *World) Crash(id core.NodeID) *core.Crash {
	c := w.crashes[id]
	delete(w.crashes, id)
	return c
}

func (w *World) close() {
	w.t.Helper()
	for _, n := range w.nodes {
		n.Kill()
		if c := w.crashes[n.ID()]; c != nil {
			w.t.Errorf("coretest: node %s crashed: %v\n%s", w.Name(n.ID()), c.Value, c.Stack)
		}
	}
	w.shard.Close()
	if held := w.pool.Held(); held != 0 {
		w.t.Errorf("coretest: %d slabs never released: %v", held, w.pool.Leaks())
	}
}

func (w *World) log(format string, args ...any) {
	if w.Log != nil {
		w.Log(fmt.Sprintf(format, args...))
	}
}

// compareTimers orders timers by time alone; equal ones keep their order.
func compareTimers(a, b timer) int { return cmp.Compare(a.at, b.at) }
