package run

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/scenario"
)

// simRunFlags are the flags of "ioverlay sim".
type simRunFlags struct {
	seed     uint64
	trace    string
	sent     bool
	shuffle  bool
	strict   bool
	duration time.Duration
	faults   []string
	noFaults bool
	seeds    string
	hunt     bool
	workers  int
	format   string
	hang     time.Duration

	algorithm console.AlgorithmFlags
	record    recordFlags
}

const simHelp = `Run a scenario in virtual time, as "ioverlay run --world sim" does, with what only
virtual time has: traces, and the hunt for a seed that fails.

With --trace everything that an algorithm is given is written to a file, whose hash is
printed: the same seed gives the same trace, bit for bit. See "ioverlay trace".

With --seeds and --until-fail one seed after another is run, several at a time, until an
expectation does not hold, an algorithm panics, does not return (--hang-after) or violates its invariant. What is found is made smaller: a
shorter time, fewer of the faults of the timeline, and the same failure. The commands
that run it again, small and whole, are printed.

Exit codes: those of "ioverlay run"; a hunt that finds something exits with 1, and one
that is interrupted with 130, and says what it has found until then.`

// Sim is the command "sim".
func Sim(c *console.App) *cobra.Command {
	a := &app{c}
	var f simRunFlags
	cmd := &cobra.Command{
		Use:   "sim FILE",
		Short: "Run a scenario in virtual time: traces, and the hunt for a seed that fails",
		Long:  simHelp,
		Example: `  ioverlay sim examples/churn.yaml --seed 7 --trace churn.trace
  ioverlay sim examples/churn.yaml --record churn.rec --record-transfers
  ioverlay sim examples/churn.yaml --seeds 1..10000 --until-fail
  ioverlay sim examples/churn.yaml --seed 7 --no-faults --fault "2s crash n3"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runSim(cmd, f, args[0]) },
	}
	fl := cmd.Flags()
	fl.Uint64Var(&f.seed, "seed", 0, "use this seed instead of the file's")
	f.algorithm.Define(fl, "", algorithmHelp)
	fl.StringVar(&f.trace, "trace", "", "write a trace to this file; - is standard output")
	fl.BoolVar(&f.sent, "sent", false, "with --trace: record what is sent too")
	fl.BoolVar(&f.shuffle, "shuffle", false, "draw the order of what happens at one time from the seed")
	fl.BoolVar(&f.strict, "strict", false, "end a node that writes into a message after Send, or uses one that it should have retained")
	fl.DurationVar(&f.duration, "duration", 0, "end earlier than the file says")
	fl.BoolVar(&f.noFaults, "no-faults", false, "leave out what goes wrong in the timeline")
	fl.StringArrayVar(&f.faults, "fault", nil, `with --no-faults: let this go wrong instead, such as "2s crash n3"; may be given again`)
	f.record.define(fl)
	console.HangFlag(fl, &f.hang)
	fl.StringVar(&f.seeds, "seeds", "", "with --until-fail: the seeds to run, such as 1..10000")
	fl.BoolVar(&f.hunt, "until-fail", false, "run seeds until one fails, and make the failure small")
	fl.IntVar(&f.workers, "workers", 0, "with --until-fail: runs at a time; 0 means one a processor core")
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	return cmd
}

// check finds what is wrong with the flags, and reads those that have a form.
func (f simRunFlags) check() (faults []sim.Fault, first, last uint64, err error) {
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return nil, 0, 0, err
	}
	for _, text := range f.faults {
		fault, err := sim.ParseFault(text)
		if err != nil {
			return nil, 0, 0, console.Usage("fault", text, err.Error())
		}
		faults = append(faults, fault)
	}
	switch {
	case len(faults) > 0 && !f.noFaults:
		return nil, 0, 0, console.Usage("fault", f.faults[0], "only together with --no-faults")
	case f.hunt && (f.trace != "" || f.duration != 0 || f.noFaults):
		return nil, 0, 0, console.Usage("until-fail", "true", "none of --trace, --duration and --no-faults beside it: a hunt has runs of its own, and says how to run one again")
	case f.hunt != (f.seeds != ""):
		return nil, 0, 0, console.Usage("seeds", f.seeds, "seeds such as 1..10000, together with --until-fail")
	case f.hunt && f.record.file != "":
		return nil, 0, 0, console.Usage("record", f.record.file, "not with --until-fail: record the run that the hunt finds, by its seed")
	case f.duration < 0:
		return nil, 0, 0, console.Usage("duration", f.duration.String(), "a time above 0")
	}
	if f.hunt {
		from, to, _ := strings.Cut(f.seeds, "..")
		var err1, err2 error
		first, err1 = strconv.ParseUint(from, 10, 64)
		last, err2 = strconv.ParseUint(to, 10, 64)
		if err1 != nil || err2 != nil || first > last {
			return nil, 0, 0, console.Usage("seeds", f.seeds, "two numbers, such as 1..10000")
		}
	}
	return faults, first, last, nil
}

func (f simRunFlags) order() sim.Order {
	if f.shuffle {
		return sim.Shuffled
	}
	return sim.InOrder
}

func (a *app) runSim(cmd *cobra.Command, f simRunFlags, path string) error {
	faults, first, last, err := f.check()
	if err == nil {
		err = f.record.check("sim")
	}
	if err != nil {
		return err
	}
	if f.hunt {
		return a.huntSeeds(cmd.Context(), f, path, first, last)
	}
	plan, err := a.load(cmd, path, f.seed, f.algorithm)
	if err != nil {
		return err
	}
	if f.duration > plan.Duration {
		return console.Usage("duration", f.duration.String(), fmt.Sprintf("at most %v, the scenario's own", plan.Duration))
	}
	if f.noFaults || f.duration > 0 {
		if !f.noFaults {
			faults = scenario.Faults(plan)
		}
		if plan, err = scenario.WithFaults(plan, faults, f.duration); err != nil {
			return console.Usage("fault", strings.Join(f.faults, ", "), err.Error())
		}
	}
	o := scenario.Options{World: "sim", Registry: a.Registry, Order: f.order(), Strict: f.strict, HangAfter: console.HangAfter(f.hang), Command: a.Args}
	done := func() (string, error) { return "", nil }
	if f.trace != "" {
		var w *trace.Writer
		if w, done, err = a.openTraceWriter(f, plan); err != nil {
			return err
		}
		o.Watch = w
	}
	bar := a.scenarioBar(plan)
	o.Progress = bar.move
	run, err := a.recorded(cmd, f.record, path, plan, o)
	bar.Stop()
	hash, traceErr := done()
	if err = errors.Join(err, traceErr); run == nil && err == nil {
		return console.ErrInterrupted
	}
	if run != nil {
		err = errors.Join(err, a.report(run, runFlags{format: f.format}))
	}
	if hash != "" {
		fmt.Fprintf(a.Err, "trace %s\n", hash)
	}
	return outcome(run, err)
}

// openTraceWriter begins a trace. What is returned last ends it and gives its hash.
func (a *app) openTraceWriter(f simRunFlags, p *scenario.Plan) (*trace.Writer, func() (string, error), error) {
	out := a.Out
	closing := func() error { return nil }
	if f.trace != "-" {
		file, err := os.Create(f.trace)
		if err != nil {
			return nil, nil, fmt.Errorf("create the trace, --trace %q: %w", f.trace, err)
		}
		out, closing = file, file.Close
	}
	w := trace.NewWriter(out, trace.Options{Sent: f.sent, About: [][2]string{
		{"scenario", p.Name}, {"seed", strconv.FormatUint(p.Seed, 10)}, {"duration", p.Duration.String()}}})
	return w, func() (string, error) {
		err := errors.Join(w.Close(), closing())
		return w.Hash(), err
	}, nil
}
