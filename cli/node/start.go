package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/perf"
	"github.com/ioverlay/ioverlay/scenario"
)

// runNode runs the node until the context ends or its input says so.
func runNode(ctx context.Context, cmd *cobra.Command, r *scenario.Registry, f nodeFlags) (err error) {
	known, err := f.check()
	if err != nil {
		return err
	}
	params, err := f.algorithm.Read(r)
	if err != nil {
		return err
	}
	var other *anyAlgorithm // instead of a relay
	if f.algorithm.Name != theRelay {
		if other, err = newAny(ctx, r, f.algorithm.Name, f.env(known, params), known.observers, f.hang); err != nil {
			return err
		}
	}
	if f.pprof != "" {
		stop, bound, failed := perf.ServePprof(f.pprof) // err is this function's, which the stop below adds to
		if failed != nil {
			return fmt.Errorf("--pprof: %w", failed)
		}
		defer func() { err = errors.Join(err, stop()) }()
		fmt.Fprintf(cmd.ErrOrStderr(), "pprof: http://%s/debug/pprof/\n", bound)
	}
	log, async := f.logger(cmd.ErrOrStderr())
	// The report has the count of dropped lines, and there is nowhere else to say so.
	defer func() { _ = async.Close() }()
	emu, err := f.emul.read(f.payload)
	if err != nil {
		return err
	}
	e, err := startEngine(f, emu, log)
	if err != nil {
		return err
	}
	p := &nodeProcess{flags: f, cmd: cmd, engine: e, log: log, async: async}
	return p.watched(func() error {
		if err := p.addNode(known, other, emu); err != nil {
			e.Close()
			return err
		}
		return p.run(ctx)
	})
}

// watched does what a node does until it ends, or its loop has stood for a while. Nothing but the end of the process ends such
// a loop, and who asks it for anything, such as a report, waits as long: so that is done on a goroutine that is left behind then.
func (p *nodeProcess) watched(do func() error) error {
	over, hung := make(chan error, 1), make(chan error, 1)
	defer scenario.WatchNode(p.engine, p.flags.name, p.flags.hang, func(err error) { hung <- err })()
	go func() { over <- do() }()
	select {
	case err := <-over:
		return err
	case err := <-hung:
		return err
	}
}

// startEngine starts the engine of the node.
func startEngine(f nodeFlags, emu emulated, log *slog.Logger) (*engine.Engine, error) {
	lanes, err := readLanes(f.lanes)
	if err != nil {
		return nil, err
	}
	budget, err := memory.Budget(f.memory)
	if err != nil {
		return nil, err
	}
	return engine.New(engine.Options{ // one node lives on one loop
		Loops: 1, Log: log, Core: core.Config{Lanes: lanes, StallTimeout: f.stallTimeout, FailTimeout: f.failTimeout, IdleTimeout: f.idleTimeout},
		Links: linksOf(f.shm), Pool: bufpool.Options{Budget: budget}, Buffers: emu.buffers, Epoch: time.Duration(f.epoch),
	})
}

func (f nodeFlags) logger(w io.Writer) (*slog.Logger, *asyncLog) {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if f.verbose {
		o.Level = slog.LevelDebug
	}
	return newAsyncLog(w, func(w io.Writer) slog.Handler {
		if f.logFormat == "json" {
			return slog.NewJSONHandler(w, o)
		}
		return slog.NewTextHandler(w, o)
	})
}

func (p *nodeProcess) addNode(known peers, other *anyAlgorithm, emu emulated) (err error) {
	var sink core.Sink
	if p.flags.sink {
		p.checker = &apps.Checker{SampleEvery: p.flags.checkEvery}
		sink = p.checker
		if p.flags.latency {
			p.timed = nodereport.NewRecording(p.flags.latencyWarmup)
			p.checker.Latency = p.timed.Record
		}
	}
	if p.source, err = p.flags.newSource(); err != nil {
		return err
	}
	p.engine.AllUp() // whoever else there is, this node joins a world that has begun
	if epoch := p.engine.Options().Epoch; other != nil {
		if err := p.flags.observed(other.Algorithm, known.observers); err != nil {
			return err
		}
		other.report(p.checker, p.log, epoch)
		p.alg = other
	} else {
		r := relay.New(sink, known.downstreams...)
		if err := p.flags.observed(r, known.observers); err != nil {
			return err
		}
		l := newLogged(r, len(known.downstreams), p.log, epoch)
		l.checker = p.checker
		p.alg = l
	}
	p.node, err = p.engine.AddNode(p.alg, engine.NodeOptions{
		Listen: p.flags.listen, Advertise: p.flags.advertise, Zone: known.zone, Bandwidth: emu.node,
	})
	if err != nil {
		return err
	}
	return p.node.Do(func(n *core.Node) {
		emu.apply(n)
		if p.source != nil {
			n.AddSource(p.flags.app, p.source)
		}
	})
}
