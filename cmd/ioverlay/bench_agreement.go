package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// agreementFlags are the flags of "ioverlay bench agreement".
type agreementFlags struct {
	seed   uint64
	dags   int
	worlds string
	links  string
	window time.Duration
	out    string
	format string
}

// errDisagree means that a world and the oracle are further apart than they may be.
var errDisagree = fmt.Errorf("%w: throughput off by more than %d%%", errMissed, agreementPercent)

// agreementPercent is what the worlds are held to.
const agreementPercent = 2

func (a *app) benchAgreement() *cobra.Command {
	var f agreementFlags
	cmd := &cobra.Command{
		Use:   "agreement",
		Short: "Compare virtual time and live emulation with a fluid oracle",
		Long: `Run chains, trees, diamonds and random DAGs with capped links and nodes in virtual time
and live, and compare the steady throughput of every link with what a max-min fluid
oracle says. The live world takes its time: the window and 4 seconds for each topology.

Exit codes: 0 every link is within 2%, 1 one is not, 2 wrong usage, 3 not everything
could be run, 130 interrupted.`,
		Example: `  ioverlay bench agreement
  ioverlay bench agreement --worlds sim --dags 100 --window 20s
  ioverlay bench agreement --out out/agreement --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAgreement(cmd, f) },
	}
	fl := cmd.Flags()
	fl.Uint64Var(&f.seed, "seed", 1, "of topologies and caps")
	fl.IntVar(&f.dags, "dags", 4, "random DAGs, beside the other topologies")
	fl.StringVar(&f.worlds, "worlds", "sim,live", "worlds to compare with the oracle: sim, live")
	fl.StringVar(&f.links, "links", "mem", "links of the live world: mem or tcp")
	fl.DurationVar(&f.window, "window", 5*time.Second, "over which throughput is measured, after 3s")
	fl.StringVar(&f.out, "out", "", "write agreement.jsonl and agreement.svg into this directory")
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
	return cmd
}

func (f agreementFlags) check() error {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return err
	}
	worlds := splitList(f.worlds)
	switch {
	case len(worlds) == 0 || slices.ContainsFunc(worlds, func(w string) bool { return w != "sim" && w != "live" }):
		return &usageError{"worlds", f.worlds, "sim, live or both"}
	case f.links != "mem" && f.links != "tcp":
		return &usageError{"links", f.links, "mem or tcp"}
	case f.dags < 0:
		return &usageError{"dags", strconv.Itoa(f.dags), "0 and up"}
	case f.window < time.Second:
		return &usageError{"window", f.window.String(), "1s and up"}
	}
	return nil
}

func (a *app) runAgreement(cmd *cobra.Command, f agreementFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	worlds := splitList(f.worlds)
	show, clearBar := a.agreementBar()
	rows, err := bench.Agreement(cmd.Context(), bench.AgreementSpec{
		Seed: f.seed, DAGs: f.dags, Worlds: worlds, Links: spec.Transport(f.links), Window: f.window, Progress: show})
	clearBar()
	if len(rows) > 0 {
		err = errors.Join(err, a.reportAgreement(f, rows, worlds))
	}
	switch {
	case cmd.Context().Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	for _, w := range worlds {
		if percent, _ := bench.AgreementWorst(rows, w); math.Abs(percent) > agreementPercent {
			return errDisagree
		}
	}
	return nil
}

func (a *app) reportAgreement(f agreementFlags, rows []bench.AgreementRow, worlds []string) (err error) {
	if f.format == formatTable {
		_, err = fmt.Fprintln(a.out, bench.AgreementTable(rows, worlds))
	}
	encoders := []*json.Encoder{}
	if f.format == formatJSON {
		encoders = append(encoders, json.NewEncoder(a.out))
	}
	if f.out != "" {
		path, chartErr := bench.WriteAgreementChart(rows, worlds, f.out)
		if chartErr != nil {
			return errors.Join(err, chartErr)
		}
		file, createErr := os.Create(filepath.Join(f.out, "agreement.jsonl"))
		if createErr != nil {
			return errors.Join(err, fmt.Errorf("create the results: %w", createErr))
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		encoders = append(encoders, json.NewEncoder(file))
		if f.format == formatTable {
			fmt.Fprintln(a.out, path)
		}
	}
	for _, e := range encoders {
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return err
			}
		}
	}
	return err
}

// agreementBar shows what is being run and how long the rest will take; off a
// terminal it is silent.
func (a *app) agreementBar() (show func(done, total int, what string), clearBar func()) {
	file, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	show = func(done, total int, what string) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(file), progressbar.OptionSetWidth(24),
				progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
		}
		bar.Describe(what)
		_ = bar.Set(done) // the bar is for looks
	}
	return show, func() {
		if bar != nil {
			_ = bar.Clear() // likewise
		}
	}
}
