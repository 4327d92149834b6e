// Package world runs the nodes of a scenario: live in this process, each in a
// process of its own, or in virtual time. A world knows nothing of timelines,
// samples and expectations; package scenario drives all three alike.
//
//	world.go      what a world is
//	live.go       one engine, real time
//	proc.go       a process a node, real time; child.go is its other end
//	protocol.go   what the two say to each other
//	sim.go        virtual time
//	hang.go       what is said of a node that does not return; watch.go finds it
//	observed.go   nodes that report to observers
//	end.go        what all nodes of a world hear at once, in each of the worlds
//	address_*.go  addresses for nodes that must come back under the same one
package world

import (
	"context"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// World runs nodes, known by their indices in the plan. It is used by one goroutine.
type World interface {
	// Name is what the command line calls it.
	Name() string

	// ID is the address of a node, known before it runs and the same ever after.
	ID(node int) core.NodeID

	// Boot starts a node that does not run. When it returns, the node accepts links.
	Boot(ctx context.Context, node int, s host.Setup) error

	// Obey has a node do something. A node that does not run does nothing.
	Obey(node int, c host.Command) error

	// Count reads the counters of nodes, all at about the same time. A node that
	// has ended by itself says so; one that never ran has zero counters.
	Count(nodes []int) ([]host.Counters, error)

	// Kill ends a node at once, and lets go of what is left of one that has ended.
	// Stop lets it deliver what it has accepted: Count says when it has ended. For
	// both, a node that does not run is no error.
	Kill(node int) error
	Stop(node int) error

	// Begin says that all nodes that run at the beginning have been started: each is
	// told WorldUp, as are those that are started later, right after Started. It starts
	// the clock: Now is the time since. Advance lets the world run until a time, or until
	// ctx is done, which is its error.
	Begin() error
	Now() time.Duration
	Advance(ctx context.Context, until time.Duration) error

	// End ends the run: every node that runs is told Stopping, all at the same time and
	// before any link ends, and stops gracefully. Those that cannot deliver what they
	// had accepted within a bounded time are ended then: unfinished says which, and why,
	// and is "" if there were none. Count still answers after it; no node can be started.
	End() (unfinished string, err error)

	// Close ends everything that still runs, at once.
	Close() error
}

// Options of a world.
type Options struct {
	Plan     *spec.Plan
	Registry *host.Registry
	// Child is the command line of a node's process, for the proc world.
	Child []string
	// TCPOnly keeps the links of the proc world out of shared memory.
	TCPOnly bool
	// Watch and Order are for the sim world: who is told of all that happens, and
	// in what order what happens at one time does.
	Watch sim.Watcher
	Order sim.Order
	// HangAfter is how long a node of the proc world may take to return before it is given up; 0: for ever.
	HangAfter time.Duration
	// Strict is core.Config.Strict, for the sim world.
	Strict bool
}

// Cutter is a world that can cut the way from one node to another by itself. In
// others a cut is emulated.
type Cutter interface {
	Cut(from, to int) error
	// HealBoth heals both ways between two nodes.
	HealBoth(from, to int) error
}

// Deadlocker is a world that finds data lanes that wait for each other in a circle.
type Deadlocker interface {
	// Deadlocks are the circles found so far, each once.
	Deadlocks() []core.Circle
}

// Taker is a world that counts, without a look at any node, what its nodes take.
type Taker interface {
	// Taken is how many messages nodes have taken from other nodes.
	Taken() uint64
}

// Booter is a world in which many nodes start sooner side by side than one after another.
type Booter interface {
	// BootAll is Boot for nodes that all do not run, each with the setup of the same index. After an error some may
	// run; Close ends them.
	BootAll(ctx context.Context, nodes []int, setups []host.Setup) error
}

// Names are the worlds that New makes.
var Names = []string{"sim", "live", "proc"}

// New makes a world.
func New(name string, o Options) (World, error) {
	switch name {
	case "sim":
		return newSim(o), nil
	case "live":
		return newLive(o)
	case "proc":
		return newProc(o)
	}
	return nil, fmt.Errorf("world: there is no world %q", name)
}

// pause waits in real time.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
