package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// virtual runs all nodes in virtual time. Everything that it is asked to do happens
// as an event of the simulated world, so that a trace shows it.
type virtual struct {
	o      Options
	world  *sim.World
	nodes  []virtualNode
	began  time.Duration
	begun  bool // before it is, time stands still
	broken bool // an algorithm's Invariant did not hold
	calls  calls
}

type virtualNode struct {
	name string
	node *sim.Node // nil: never ran
	host *host.Host
}

func newSim(o Options) *virtual {
	w := &virtual{o: o, nodes: make([]virtualNode, len(o.Plan.Nodes))}
	tuned := tuningOf(o.Plan).core()
	tuned.Strict = o.Strict
	if o.Watch != nil {
		o.Watch = patient{o.Watch, &w.calls}
	}
	w.world = sim.New(sim.Options{
		Seed:  o.Plan.Seed,
		Core:  tuned,
		Order: o.Order,
		Watch: o.Watch,
	})
	for i, n := range o.Plan.Nodes {
		w.nodes[i].name = n.Name
		w.world.ID(n.Name) // IDs follow the plan's order, whoever starts first
	}
	return w
}

func (w *virtual) Name() string { return "sim" }

// Deadlocks implements Deadlocker.
func (w *virtual) Deadlocks() (circles []core.Circle) {
	for _, d := range w.world.Deadlocks() {
		circles = append(circles, d.Circle)
	}
	return circles
}

func (w *virtual) ID(node int) core.NodeID { return w.world.ID(w.nodes[node].name) }

// running is what the world's goroutine does when it is in the world.
func (w *virtual) running(fn func() error) error { return w.calls.during(call{}, fn) }

// now lets something happen at this time, and what follows from it at once.
func (w *virtual) now(fn func()) error {
	w.world.At(w.world.Now(), fn)
	return w.running(func() error { return w.world.RunUntil(w.world.Now()) })
}

func (w *virtual) fault(f sim.Fault) error {
	f.At = w.world.Now()
	w.world.Schedule(f)
	return w.running(func() error { return w.world.RunUntil(f.At) })
}

func (w *virtual) Boot(_ context.Context, node int, s host.Setup) error {
	h, err := w.calls.newHost(w.o.Registry, s)
	if err != nil {
		return err
	}
	h.OnViolation(func() { w.broken = true })
	n := &w.nodes[node]
	n.host = h
	if n.node != nil {
		return w.fault(sim.Fault{Kind: sim.Restart, Nodes: []string{n.name}})
	}
	add := func() { n.node = w.world.AddNode(n.name, func() core.Algorithm { return n.host }) }
	if !w.begun {
		// It is told that it started in the world's first instant, with the others.
		return w.running(func() error { add(); return nil })
	}
	return w.now(add)
}

func (w *virtual) Obey(node int, c host.Command) error {
	n := &w.nodes[node]
	if n.node == nil {
		return nil
	}
	return w.now(func() {
		if !n.node.Core().Ended() {
			n.node.Core().Call(func() { n.host.Obey(c) })
		}
	})
}

func (w *virtual) Count(nodes []int) ([]host.Counters, error) {
	out := make([]host.Counters, len(nodes))
	for i, node := range nodes {
		if n := &w.nodes[node]; n.node != nil { // with its Invariant
			_ = w.calls.during(call{n.name, "what it has counted, or for its Invariant"}, func() error { out[i] = n.host.Count(); return nil })
		}
	}
	for _, p := range w.world.Panics() {
		for i, node := range nodes {
			if n := w.nodes[node].node; n == p.Node && n.Lives() == p.Life {
				out[i].Crash = fmt.Sprintf("%v\n%s", p.Value, p.Stack)
				_, out[i].Misuse = p.Value.(core.Misuse)
			}
		}
	}
	return out, nil
}

func (w *virtual) Kill(node int) error {
	n := &w.nodes[node]
	if n.node == nil || n.node.Core().Ended() {
		return nil
	}
	return w.fault(sim.Fault{Kind: sim.Crash, Nodes: []string{n.name}})
}

func (w *virtual) Stop(node int) error {
	n := &w.nodes[node]
	if n.node == nil || n.node.Core().Ended() {
		return nil
	}
	return w.fault(sim.Fault{Kind: sim.Stop, Nodes: []string{n.name}})
}

// Cut implements Cutter.
func (w *virtual) Cut(from, to int) error {
	return w.fault(sim.Fault{Kind: sim.CutOneWay, Nodes: []string{w.nodes[from].name, w.nodes[to].name}})
}

// HealBoth implements Cutter.
func (w *virtual) HealBoth(from, to int) error {
	return w.fault(sim.Fault{Kind: sim.Heal, Nodes: []string{w.nodes[from].name, w.nodes[to].name}})
}

// Began is when the run began, by the clock of what Options.Watch is told.
func (w *virtual) Began() time.Duration { return w.began }

func (w *virtual) Now() time.Duration { return w.world.Now() - w.began }

// Advance looks up now and then to see whether somebody has had enough.
func (w *virtual) Advance(ctx context.Context, until time.Duration) error {
	const piece, events = 20 * time.Millisecond, 1 << 14 // between two looks at the context, whichever comes first
	until += w.began
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := min(until, w.world.Now()+piece)
		var there bool
		err := w.running(func() (err error) {
			there, err = w.world.RunSome(next, events)
			return err
		})
		if err != nil {
			return fmt.Errorf("world: virtual time: %w", err)
		}
		if w.broken {
			return ErrViolated
		}
		if there && next >= until {
			return nil
		}
	}
}

func (w *virtual) Close() error {
	err := w.running(w.world.Close)
	if errors.Is(err, sim.ErrSlabs) {
		return fmt.Errorf("world: an algorithm kept messages that it should have released: %w", err)
	}
	return err
}

// Taken implements Taker.
func (w *virtual) Taken() uint64 { return w.world.Taken() }

// Totals are the world's own counters.
func (w *virtual) Totals() sim.Totals { return w.world.Totals() }
