package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// IdleSpec describes an engine that does nothing.
type IdleSpec struct {
	Nodes    int           `json:"nodes"`
	Links    string        `json:"links"` // mem or tcp
	Duration time.Duration `json:"duration_ns"`
}

// IdleResult is what doing nothing costs. Every node has one link, to the next,
// over which one message went.
type IdleResult struct {
	Kind            string  `json:"kind"` // "idle"
	Links           string  `json:"links"`
	Nodes           int     `json:"nodes"`
	Seconds         float64 `json:"seconds"`
	CPUSeconds      float64 `json:"cpu_seconds"`
	ContextSwitches int64   `json:"context_switches"`      // of all threads, in the window
	BareSwitches    int64   `json:"bare_context_switches"` // of a Go process without an engine, in an equal window
	BareCPUSeconds  float64 `json:"bare_cpu_seconds"`      // of that process
	BytesPerNode    float64 `json:"bytes_per_node"`        // resident memory, listener's descriptor not counted
	BytesPerLink    float64 `json:"bytes_per_link"`        // resident memory of both ends, kernel not counted
}

// LimitByDescriptors is how many idle nodes with a TCP link each this process
// has descriptors for: a listener and two ends a node.
func LimitByDescriptors(nodes int) (int, error) {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return 0, fmt.Errorf("read the limit of descriptors: %w", err)
	}
	const perNode, spare = 3, 64
	return min(nodes, int((lim.Cur-spare)/perNode)), nil
}

// Idle builds the engine, lets it rest, and watches it. To be run in a process of
// its own.
func Idle(ctx context.Context, s IdleSpec) (r IdleResult, err error) {
	r = IdleResult{Kind: "idle", Links: s.Links, Nodes: s.Nodes}
	links := engine.Mem
	if s.Links == "tcp" {
		links = engine.TCP
	}
	e, err := engine.New(engine.Options{Links: links, ExpectNodes: s.Nodes})
	if err != nil {
		return r, err
	}
	defer e.Close()
	start, err := resident()
	if err != nil {
		return r, err
	}
	nodes, sinks, err := idleNodes(ctx, e, s.Nodes)
	if err != nil {
		return r, err
	}
	withNodes, err := resident()
	if err != nil {
		return r, err
	}
	if err := linkUp(ctx, nodes, sinks); err != nil {
		return r, err
	}
	// Nodes look a few times whether what was sent has arrived. Then they are idle.
	if err := pause(ctx, 2*core.DefaultStallTimeout); err != nil {
		return r, err
	}
	withLinks, err := resident()
	if err != nil {
		return r, err
	}
	r.BytesPerNode = float64(withNodes-start) / float64(s.Nodes)
	r.BytesPerLink = float64(withLinks-withNodes) / float64(s.Nodes)
	r.Seconds, r.CPUSeconds, r.ContextSwitches, err = rest(ctx, s.Duration)
	return r, err
}

func idleNodes(ctx context.Context, e *engine.Engine, count int) (nodes []*engine.Node, sinks []*apps.Checker, err error) {
	for i := range count {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		sink := &apps.Checker{}
		n, err := e.AddNode(relay.New(sink), engine.NodeOptions{})
		if err != nil {
			return nil, nil, fmt.Errorf("node %d of %d: %w", i+1, count, err)
		}
		nodes, sinks = append(nodes, n), append(sinks, sink)
	}
	return nodes, sinks, nil
}

// linkUp opens a link from every node to the one before it, and from the first to
// the last, by sending one message over each.
func linkUp(ctx context.Context, nodes []*engine.Node, sinks []*apps.Checker) error {
	for i, n := range nodes {
		to := nodes[(i+len(nodes)-1)%len(nodes)].ID()
		err := n.Do(func(c *core.Node) {
			m := c.NewMsg(wire.TypeData, traffic.App, traffic.MinPayloadBytes)
			clear(m.Payload())
			c.Send(m, to)
		})
		if err != nil {
			return err
		}
	}
	for i, n := range nodes {
		for arrived := false; !arrived; {
			if err := n.Do(func(*core.Node) { arrived = sinks[i].Tally().Messages > 0 }); err != nil {
				return err
			}
			if !arrived {
				if err := pause(ctx, glance); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// resident is the resident memory of this process after the garbage has gone.
func resident() (int64, error) {
	debug.FreeOSMemory()
	return statusBytes("VmRSS")
}

// rest watches this process for a while.
func rest(ctx context.Context, d time.Duration) (seconds, cpu float64, switches int64, err error) {
	usage0, err := nodereport.Self()
	if err != nil {
		return 0, 0, 0, err
	}
	switches0, started := contextSwitches(), time.Now()
	if err := pause(ctx, d); err != nil {
		return 0, 0, 0, err
	}
	switches = contextSwitches() - switches0
	seconds = time.Since(started).Seconds()
	usage1, err := nodereport.Self()
	return seconds, (usage1.CPU - usage0.CPU).Seconds(), switches, err
}

// contextSwitches is how often threads of this process were taken off a
// processor, of their own accord or not.
func contextSwitches() int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("bench: getrusage: " + err.Error()) // only for arguments that are wrong
	}
	return int64(u.Nvcsw) + int64(u.Nivcsw) // on 32-bit systems they are int32
}

// Bare watches a process that has no engine: what the Go runtime does by itself.
func Bare(ctx context.Context, d time.Duration) (cpu float64, switches int64, err error) {
	if _, err := resident(); err != nil {
		return 0, 0, err
	}
	_, cpu, switches, err = rest(ctx, d)
	return cpu, switches, err
}

// RunIdle measures in processes of their own: an idle engine, and a bare process
// for comparison, at the same time since neither disturbs the other. serve is
// how this program is told to be the child: it is followed by the spec as JSON.
func RunIdle(ctx context.Context, serve []string, s IdleSpec) (r IdleResult, err error) {
	var bare IdleResult
	var bareErr error
	var all sync.WaitGroup
	all.Go(func() {
		bareErr = runSelf(ctx, "the process without an engine", serve, IdleSpec{Duration: s.Duration}, &bare)
	})
	err = runSelf(ctx, fmt.Sprintf("the process of %d idle nodes over %s links", s.Nodes, s.Links), serve, s, &r)
	all.Wait()
	r.BareCPUSeconds, r.BareSwitches = bare.CPUSeconds, bare.ContextSwitches
	return r, errors.Join(err, bareErr)
}

// ServeIdle is the child's side of RunIdle. A spec of no nodes is the bare
// process.
func ServeIdle(ctx context.Context, specJSON string) (IdleResult, error) {
	var s IdleSpec
	if err := json.Unmarshal([]byte(specJSON), &s); err != nil {
		return IdleResult{}, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	if s.Nodes > 0 {
		return Idle(ctx, s)
	}
	r := IdleResult{Kind: "idle"}
	var err error
	r.CPUSeconds, r.ContextSwitches, err = Bare(ctx, s.Duration)
	return r, err
}
