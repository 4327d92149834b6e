// Package run has the commands that run scenarios and look at what came of it: run, sim, check, compare and schema.
//
//	run.go      run, and a node's process of the proc world
//	sim.go      sim: virtual time with traces; hunt.go its hunts, huntchild.go the processes for their runs
//	check.go    check; checkchild.go one run of it
//	record.go   --record
//	compare.go  compare
//	schema.go   schema
package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/scenario"
	results "github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// app is the program under way.
type app struct{ *console.App }

// runFlags are the flags of "ioverlay run".
type runFlags struct {
	world  string
	seed   uint64
	out    string
	check  bool
	format string
	shm    bool
	hang   time.Duration

	observers []string

	algorithm console.AlgorithmFlags
	record    recordFlags
}

const runHelp = `Run a scenario: nodes, links, applications, bandwidth, a timeline, and what must
come of it, in one YAML file (docs/scenario.md).

The same file runs in three worlds:
  sim   virtual time: repeatable bit for bit, and as fast as the machine
  live  all nodes in this process, real time
  proc  a process a node, in real time, linked by shared memory (or TCP: --shm=false)

Exit codes: 0 all expectations and invariants held, 1 one did not, 2 the file or a flag is wrong,
3 the scenario could not be run, or not as it is written (an algorithm panicked or did
not return, a deadlock, no descriptors, memory or ports left), 130 interrupted; what was measured until then
is reported.`

// Command is the command "run".
func Command(c *console.App) *cobra.Command {
	a := &app{c}
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a scenario",
		Long:  runHelp,
		Example: `  ioverlay run examples/chain.yaml --world sim
  ioverlay run examples/chain.yaml --world proc --out out/chain
  ioverlay run examples/chain.yaml --world live --record chain.rec
  ioverlay run examples/churn.yaml --algorithm gossip --param probability=50%
  ioverlay run examples/chain.yaml --check`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runScenario(cmd, f, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.world, "world", "sim", "where to run it: "+console.Either(world.Names))
	fl.Uint64Var(&f.seed, "seed", 0, "use this seed instead of the file's")
	f.algorithm.Define(fl, "", algorithmHelp)
	fl.StringVar(&f.out, "out", "", "write results and charts into this directory")
	fl.BoolVar(&f.check, "check", false, "only check the file")
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	f.record.define(fl)
	console.HangFlag(fl, &f.hang)
	fl.StringArrayVar(&f.observers, "observer", nil, "with --world live or proc: observer that the nodes report to and obey, as address:port, instead of the file's; given again, more that look on")
	fl.BoolVar(&f.shm, "shm", true, "with --world proc: links go through shared memory (Linux); --shm=false: by TCP")
	return cmd
}

func (a *app) runScenario(cmd *cobra.Command, f runFlags, path string) error {
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return err
	}
	if !slices.Contains(world.Names, f.world) {
		return console.Usage("world", f.world, console.Either(world.Names))
	}
	if err := f.record.check(f.world); err != nil {
		return err
	}
	plan, err := a.load(cmd, path, f.seed, f.algorithm)
	if err != nil {
		return err
	}
	if err := observed(plan, f); err != nil {
		return err
	}
	if f.check {
		_, err := fmt.Fprintf(a.Out, "%s: %d nodes, %d links, %d applications, %d steps, %d expectations\n",
			path, len(plan.Nodes), len(plan.Links), len(plan.Apps), len(plan.Steps), len(plan.Expect))
		return err
	}
	if f.out != "" {
		if err := console.TryOut(f.out); err != nil {
			return err
		}
		if err := results.Prepare(f.out); err != nil {
			return err
		}
	}
	if f.world != "sim" {
		if err := memory.Fits(); err != nil {
			return err
		}
	}
	child, err := Self()
	if err != nil {
		return err
	}
	bar := a.scenarioBar(plan)
	run, err := a.recorded(cmd, f.record, path, plan, scenario.Options{
		World: f.world, Registry: a.Registry, Child: child, TCPOnly: !f.shm, HangAfter: console.HangAfter(f.hang), Command: a.Args, Progress: bar.move})
	bar.Stop()
	if run == nil && err == nil {
		return console.ErrInterrupted
	}
	if run != nil {
		err = errors.Join(err, a.report(run, f))
	}
	return outcome(run, err)
}

// observed has the nodes report to the observers of the flags.
func observed(plan *scenario.Plan, f runFlags) error {
	if len(f.observers) == 0 {
		return nil
	}
	if f.world == "sim" {
		return console.Wrong("--observer is for nodes in real time: add --world live or --world proc")
	}
	plan.Observers = nil
	for _, text := range f.observers {
		at, err := spec.ParseObserver(text)
		if err != nil {
			return console.Usage("observer", text, "the address that an observer listens on, such as 127.0.0.1:7000")
		}
		plan.Observers = append(plan.Observers, at)
	}
	return nil
}

// scenarioBar shows how far a scenario is, how fast its time passes, and how long the rest will take.
type scenarioBar struct{ *console.Progress }

func (a *app) scenarioBar(p *scenario.Plan) scenarioBar {
	return scenarioBar{a.Progress(int(p.Duration.Milliseconds()), p.Name,
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("ms of the scenario"))}
}

func (b scenarioBar) move(done, _ time.Duration) { b.Set(int(done.Milliseconds())) }

// outcome is what a run comes to, as an error.
func outcome(run *scenario.Result, err error) error {
	switch {
	case err != nil:
		return err
	case run.Stopped:
		return console.ErrInterrupted
	case !run.Held():
		return console.ErrExpectation
	}
	return nil
}

const algorithmHelp = "let all nodes run this algorithm instead of the file's"

// load reads a scenario. A mistake in the file is wrong usage.
func (a *app) load(cmd *cobra.Command, path string, seed uint64, f console.AlgorithmFlags) (*scenario.Plan, error) {
	if !cmd.Flags().Changed("seed") {
		return a.loadSeed(path, nil, f)
	}
	return a.loadSeed(path, &seed, f)
}

// loadSeed reads a scenario; no seed means that of the file.
func (a *app) loadSeed(path string, seed *uint64, f console.AlgorithmFlags) (*scenario.Plan, error) {
	plan, err := spec.Load(path, spec.Options{Algorithms: a.Registry, Seed: seed})
	var problems spec.Problems
	switch {
	case errors.As(err, &problems), errors.Is(err, os.ErrNotExist):
		return nil, console.InFile(err)
	case err != nil:
		return nil, err
	}
	params, err := f.Read(a.Registry)
	if err != nil || f.Name == "" {
		return plan, err
	}
	for i := range plan.Nodes {
		plan.Nodes[i].Algorithm, plan.Nodes[i].Params = f.Name, params
	}
	return plan, nil
}

// report prints a run and writes its files.
func (a *app) report(run *scenario.Result, f runFlags) error {
	var err error
	if f.format == console.FormatJSON {
		err = json.NewEncoder(a.Out).Encode(run.Report())
	} else {
		_, err = fmt.Fprint(a.Out, run.Summary())
	}
	if f.out == "" {
		return err
	}
	written, writeErr := results.Write(run, f.out)
	if f.format == console.FormatTable {
		for _, name := range written {
			fmt.Fprintln(a.Out, name)
		}
	}
	return errors.Join(err, writeErr)
}

// childCommand makes this program a node of the proc world.
const childCommand = "scenario-node"

// Child is the hidden command that makes the program a node of the proc world.
func Child(a *console.App) *cobra.Command {
	return &cobra.Command{
		Use: childCommand, Hidden: true, Args: cobra.NoArgs,
		Short: "Be a node of a scenario, as standard input says",
		RunE: func(*cobra.Command, []string) error {
			return world.ServeChild(a.Registry, a.In, a.Out)
		},
	}
}
