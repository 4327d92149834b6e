package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/probes"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// probesFlags are the flags of "ioverlay bench probes".
type probesFlags struct {
	trials int
	links  string
	format string
	out    string
}

// probeRates and probeLatencies are the truths that are measured: bytes a second, and
// one way.
var (
	probeRates = []emul.Rate{100 * emul.KBps, 300 * emul.KBps, emul.MBps, 2500 * emul.KBps, 5 * emul.MBps, 10 * emul.MBps, 20 * emul.MBps}

	probeLatencies = []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}
)

func (a *app) benchProbes() *cobra.Command {
	var f probesFlags
	cmd := &cobra.Command{
		Use:   "probes",
		Short: "Measure the error of measured bandwidth and latency",
		Long: `Let a node measure the bandwidth and the latency to another, as an algorithm asks
for it, over a link whose bandwidth or latency is emulated, and compare.`,
		Example: `  ioverlay bench probes --trials 10
  ioverlay bench probes --links tcp --trials 30 --out results/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchProbes(cmd, f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.trials, "trials", 10, "trials of each truth")
	fl.StringVar(&f.links, "links", "tcp,mem", "kinds of links: tcp, mem")
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
	fl.StringVar(&f.out, "out", "", "directory for the results: probes.jsonl and probes.txt")
	return cmd
}

func (a *app) runBenchProbes(cmd *cobra.Command, f probesFlags) error {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return err
	}
	if f.trials < 1 {
		return &usageError{"trials", strconv.Itoa(f.trials), "1 and up"}
	}
	kinds := map[string]engine.Links{"tcp": engine.TCP, "mem": engine.Mem}
	words := splitList(f.links)
	for _, word := range words {
		if _, known := kinds[word]; !known {
			return &usageError{"links", word, "tcp, mem"}
		}
	}
	env, err := bench.NewEnv(readVersion().String(), a.args, time.Now())
	if err != nil {
		return err
	}
	spin := a.spinner(0, "measuring")
	var trials []probes.Trial
	for _, word := range words {
		s := probes.Spec{Links: kinds[word], Rates: probeRates, Latencies: probeLatencies, Trials: f.trials}
		err := probes.Run(cmd.Context(), s, func(t probes.Trial) error { trials = append(trials, t); return nil })
		if err != nil {
			spin.stop()
			return err
		}
	}
	spin.stop()
	return a.writeProbes(f, env, trials)
}

func (a *app) writeProbes(f probesFlags, env bench.Env, trials []probes.Trial) error {
	rows := probes.Summarize(trials)
	lines := func(w io.Writer) error {
		e := json.NewEncoder(w)
		err := e.Encode(env)
		for _, t := range trials {
			if err == nil {
				err = e.Encode(t)
			}
		}
		for _, r := range rows {
			if err == nil {
				err = e.Encode(r)
			}
		}
		return err
	}
	table := func(w io.Writer) error { probes.WriteTable(w, rows); return nil }
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return fmt.Errorf("make the directory for results, --out %q: %w", f.out, err)
		}
		if err := writeFile(filepath.Join(f.out, "probes.jsonl"), lines); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(f.out, "probes.txt"), table); err != nil {
			return err
		}
	}
	if f.format == formatJSON {
		return lines(a.out)
	}
	return table(a.out)
}
