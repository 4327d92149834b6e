package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/gfbench"
	"github.com/ioverlay/ioverlay/coding/gf"
)

const benchGFHelp = `Measure arithmetic in GF(2^8) on packets against LowLevel of the library
klauspost/reedsolomon, which does the same work on the same packets in one thread:
multiply and add, make coded packets, recode, decode. Every result is first compared
with the library's.

Rows at the best level of the processor have the targets that the project set itself;
at levels without GFNI every row must be as fast as the library, held to the same level
where that can be done. A target is reached if the median of the ratios is. Whether it
is does not change the exit code.

The directory --out gets results.jsonl (one JSON object a line: first the environment,
then a point for each row, level and round, last the summary) and a chart, gf.svg.

Exit codes: 0 measured, 2 wrong usage, 3 it could not be measured or a result was wrong,
130 interrupted. Whatever was measured is reported.`

const benchGFExamples = `  # all rows at the best level and at those without GFNI (about 10 seconds)
  ioverlay bench gf --out out/gf

  # as processors without AVX-512 would run it
  ioverlay bench gf --level gfni-avx2,avx2 --sizes 5120

  # packets as they lie behind a 24-byte header
  ioverlay bench gf --offset 24`

// gfFlags are the flags of "ioverlay bench gf".
type gfFlags struct {
	levels string
	sizes  string
	rounds int
	sample time.Duration
	offset int
	format string
	out    string
}

func (a *app) benchGF() *cobra.Command {
	f := new(gfFlags)
	cmd := &cobra.Command{
		Use:     "gf",
		Short:   "Measure arithmetic in GF(2^8) against klauspost/reedsolomon",
		Long:    benchGFHelp,
		Example: benchGFExamples,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runBenchGF(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.levels, "level", "", "levels of the processor: "+names(gf.Levels())+" (default the best and those without GFNI)")
	fl.StringVar(&f.sizes, "sizes", "1024,5120,65536", "bytes of a packet")
	fl.IntVar(&f.rounds, "rounds", 9, "how often each row is measured")
	fl.DurationVar(&f.sample, "sample", 2*time.Millisecond, "how long each contestant of a row runs in a round")
	fl.IntVar(&f.offset, "offset", 0, "how many bytes past a multiple of 64 packets begin")
	fl.StringVar(&f.out, "out", "", "directory for results and the chart (default out/gf-<time>)")
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
	return cmd
}

// plan checks the flags, completes them and returns what they ask for.
func (f *gfFlags) plan() (gfbench.Plan, error) {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return gfbench.Plan{}, err
	}
	switch {
	case f.rounds < 1 || f.rounds > gfbench.MaxRounds:
		return gfbench.Plan{}, between("rounds", f.rounds, 1, gfbench.MaxRounds)
	case f.sample < gfbench.MinSample || f.sample > gfbench.MaxSample:
		return gfbench.Plan{}, between("sample", f.sample, gfbench.MinSample, gfbench.MaxSample)
	case f.offset < 0 || f.offset > gfbench.MaxOffset:
		return gfbench.Plan{}, between("offset", f.offset, 0, gfbench.MaxOffset)
	}
	levels, err := parseLevels(f.levels)
	if err != nil {
		return gfbench.Plan{}, err
	}
	sizes, err := parseSizes(f.sizes)
	if err != nil {
		return gfbench.Plan{}, err
	}
	if f.out == "" {
		f.out = "out/gf-" + time.Now().Format("20060102-150405")
	}
	plan := gfbench.Plan{Levels: levels, Sizes: sizes, Rounds: f.rounds, Sample: f.sample, Offset: f.offset}
	return plan, plan.Validate()
}

func parseLevels(list string) ([]gf.Level, error) {
	words := splitList(list)
	if len(words) == 0 {
		return gfbench.DefaultLevels(), nil
	}
	var levels []gf.Level
	for _, word := range words {
		l, err := gf.ParseLevel(word)
		if err != nil || !slices.Contains(gf.Levels(), l) {
			return nil, &usageError{"level", list, fmt.Sprintf("those of this processor and build, %s, not %q", names(gf.Levels()), word)}
		}
		if slices.Contains(levels, l) {
			return nil, &usageError{"level", list, fmt.Sprintf("each level once, not %s twice", word)}
		}
		levels = append(levels, l)
	}
	slices.Sort(levels)
	return levels, nil
}

func parseSizes(list string) ([]int, error) {
	var sizes []int
	for _, word := range splitList(list) {
		n, err := strconv.Atoi(word)
		if err != nil || n < gfbench.MinSize || n > gfbench.MaxSize || slices.Contains(sizes, n) {
			return nil, &usageError{"sizes", list, fmt.Sprintf("different numbers from %d to %d, not %q", gfbench.MinSize, gfbench.MaxSize, word)}
		}
		sizes = append(sizes, n)
	}
	if len(sizes) == 0 {
		return nil, &usageError{"sizes", list, "one size or more, such as 1024,5120"}
	}
	slices.Sort(sizes)
	return sizes, nil
}

func names(levels []gf.Level) string {
	var words []string
	for _, l := range levels {
		words = append(words, l.String())
	}
	return either(words)
}

// runBenchGF measures and reports.
func (a *app) runBenchGF(ctx context.Context, f *gfFlags) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	env, err := bench.NewEnv(readVersion().String(), a.args, time.Now())
	if err != nil {
		return err
	}
	out, err := a.openResults(f.out, f.format)
	if err != nil {
		return err
	}
	progress, done := a.gfProgress(plan)
	report, err := gfbench.Run(ctx, env, plan, progress, out.record)
	done()
	if err := errors.Join(err, out.close()); err != nil {
		return err
	}
	if f.format == formatTable {
		if err := gfbench.WriteTable(a.out, report); err != nil {
			return err
		}
	}
	chart, err := gfbench.WriteChart(report, f.out)
	if err != nil {
		return err
	}
	for _, name := range []string{chart, filepath.Join(f.out, resultsName)} {
		if name != "" {
			fmt.Fprintf(a.err, "wrote %s\n", name)
		}
	}
	if report.Interrupted {
		return fmt.Errorf("%w after %d points", errInterrupted, len(report.Points))
	}
	return nil
}

// gfProgress shows a bar if standard error is a terminal; done takes it away.
func (a *app) gfProgress(plan gfbench.Plan) (progress gfbench.Progress, done func()) {
	if file, ok := a.err.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		bar := gfbench.NewBar(file, plan)
		return bar, bar.Clear
	}
	return gfbench.Silent{}, func() {}
}
