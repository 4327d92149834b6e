// Command gossip is a program of one's own: an algorithm, a version of it with a
// mistake, and what runs a scenario with them and hunts (docs/tutorial.md).
//
//	go run ./examples/gossip --world proc
//	go run ./examples/gossip --algorithm hasty --seeds 1..1000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// algorithms are what the scenario can name besides those that iOverlay comes with.
var algorithms = []scenario.Algorithm{
	{Name: "my-gossip", New: func(e scenario.Env) (core.Algorithm, error) {
		return &Gossip{Neighbours: e.Downstreams}, nil
	}},
	{Name: "hasty", New: func(e scenario.Env) (core.Algorithm, error) {
		return &Hasty{Gossip{Neighbours: e.Downstreams}}, nil
	}},
}

// program is what the command line asks for.
type program struct {
	file, algorithm, world, seeds, trace string

	seed     uint64
	duration time.Duration
	faults   []sim.Fault // in place of the scenario's; nil leaves those
	registry *scenario.Registry
	out      io.Writer
}

func main() {
	p := &program{registry: scenario.Shipped(), out: os.Stdout}
	for _, a := range algorithms {
		p.registry.Add(a)
	}
	if len(os.Args) > 1 && os.Args[1] == "node" { // a process of the proc world
		exit(world.ServeChild(p.registry, os.Stdin, os.Stdout))
	}
	p.flags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := p.do(ctx)
	stop()
	exit(err)
}

// exit ends the process, with 1 if something went wrong.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gossip:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (p *program) flags(fl *flag.FlagSet) {
	fl.StringVar(&p.file, "file", "examples/gossip/gossip.yaml", "the scenario")
	fl.StringVar(&p.algorithm, "algorithm", "my-gossip", "what the nodes run: my-gossip or hasty")
	fl.StringVar(&p.world, "world", "sim", "where they run: sim, live or proc")
	fl.Uint64Var(&p.seed, "seed", 1, "decides everything that is drawn")
	fl.StringVar(&p.seeds, "seeds", "", "hunt in these seeds, such as 1..1000, for one that fails")
	fl.StringVar(&p.trace, "trace", "", "in the sim world: write a trace to this file")
	fl.DurationVar(&p.duration, "duration", 0, "end earlier than the scenario says")
	fl.Func("fault", `let this go wrong, such as "2s crash r1", and not what the scenario says; may be given again; none is none`, func(text string) error {
		if text == "none" {
			p.faults = []sim.Fault{}
			return nil
		}
		f, err := sim.ParseFault(text)
		p.faults = append(p.faults, f)
		return err
	})
}

func (p *program) do(ctx context.Context) error {
	if p.seeds != "" {
		return p.hunt(ctx)
	}
	return p.run(ctx)
}

// load reads the scenario.
func (p *program) load(seed uint64) (*scenario.Plan, error) {
	plan, err := spec.Load(p.file, spec.Options{Algorithms: p.registry, Seed: &seed})
	if err != nil {
		return nil, err
	}
	for i := range plan.Nodes {
		plan.Nodes[i].Algorithm = p.algorithm
	}
	return plan, nil
}

// run runs the scenario once.
func (p *program) run(ctx context.Context) error {
	plan, err := p.load(p.seed)
	if err != nil {
		return err
	}
	if p.faults != nil || p.duration > 0 {
		if p.faults == nil {
			p.faults = scenario.Faults(plan)
		}
		if plan, err = scenario.WithFaults(plan, p.faults, p.duration); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o := scenario.Options{World: p.world, Registry: p.registry, Child: []string{self, "node"}}
	done := func() error { return nil }
	if p.trace != "" {
		if o.Watch, done, err = p.record(); err != nil {
			return err
		}
	}
	result, err := scenario.Run(ctx, plan, o)
	if err = errors.Join(err, done()); err != nil || result == nil {
		return err
	}
	if _, err = fmt.Fprint(p.out, result.Summary()); err == nil && !result.Held() {
		err = errors.New("an expectation did not hold")
	}
	return err
}

// record begins a trace. What is returned last ends it.
func (p *program) record() (sim.Watcher, func() error, error) {
	file, err := os.Create(p.trace)
	if err != nil {
		return nil, nil, err
	}
	w := trace.NewWriter(file, trace.Options{})
	return w, func() error { return errors.Join(w.Close(), file.Close()) }, nil
}

// hunt runs seeds until one fails.
func (p *program) hunt(ctx context.Context) error {
	first, last, err := hunt.ParseSeeds(p.seeds)
	if err != nil {
		return err
	}
	hunter := scenario.Hunter{Load: p.load, Registry: p.registry}
	found, err := hunter.Hunt(ctx, hunt.Plan{First: first, Last: last, Command: p.command})
	switch {
	case err != nil:
		return err
	case found == nil:
		_, err = fmt.Fprintf(p.out, "%d seeds: none fails\n", last-first+1)
		return err
	}
	_, err = fmt.Fprint(p.out, found)
	return errors.Join(err, errors.New("a seed fails"))
}

// command is the one that runs a case again.
func (p *program) command(c hunt.Case) string {
	s := fmt.Sprintf("go run ./examples/gossip --algorithm %s --seed %d --duration %v", p.algorithm, c.Seed, c.Duration)
	if len(c.Faults) == 0 {
		s += " --fault none"
	}
	for _, f := range c.Faults {
		s += fmt.Sprintf(" --fault %q", f.String())
	}
	return s
}
