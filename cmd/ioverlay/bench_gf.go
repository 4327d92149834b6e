package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/gfbench"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/coding/gf"
)

const benchGFHelp = `Measure arithmetic in GF(2^8) on packets against LowLevel of the library
klauspost/reedsolomon, which does the same work on the same packets in one thread:
multiply and add, make coded packets, recode, decode. Every result is first compared
with the library's.

With --against isal,c sums are also held against Intel's ISA-L and against intrinsics in C,
the fastest of several ways, in one process: in builds with the tag isal, which need a C
compiler and libisal-dev. Decoders are always held against the matrix product that they end in.

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
  ioverlay bench gf --offset 24

  # against C (go build -tags isal ./cmd/ioverlay)
  ioverlay bench gf --level gfni-avx512 --offset 24 --against c,isal`

// gfFlags are the flags of "ioverlay bench gf".
type gfFlags struct {
	levels  string
	sizes   string
	rounds  int
	sample  time.Duration
	offset  int
	against string
	outputs
}

func (a *app) benchGF() *cobra.Command {
	f := &gfFlags{outputs: outputs{always: "gf"}}
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
	fl.StringVar(&f.against, "against", "", "hold sums also against: "+console.Either(gfbench.Peers())+", in builds with the tag isal")
	f.define(fl, "results and the chart")
	return cmd
}

// plan checks the flags, completes them and returns what they ask for.
func (f *gfFlags) plan() (gfbench.Plan, error) {
	if err := f.check(); err != nil {
		return gfbench.Plan{}, err
	}
	switch {
	case f.rounds < 1 || f.rounds > gfbench.MaxRounds:
		return gfbench.Plan{}, console.Between("rounds", f.rounds, 1, gfbench.MaxRounds)
	case f.sample < gfbench.MinSample || f.sample > gfbench.MaxSample:
		return gfbench.Plan{}, console.Between("sample", f.sample, gfbench.MinSample, gfbench.MaxSample)
	case f.offset < 0 || f.offset > gfbench.MaxOffset:
		return gfbench.Plan{}, console.Between("offset", f.offset, 0, gfbench.MaxOffset)
	}
	levels, err := parseLevels(f.levels)
	if err != nil {
		return gfbench.Plan{}, err
	}
	sizes, err := parseSizes(f.sizes)
	if err != nil {
		return gfbench.Plan{}, err
	}
	plan := gfbench.Plan{Levels: levels, Sizes: sizes, Rounds: f.rounds, Sample: f.sample, Offset: f.offset, Against: console.SplitList(f.against)}
	if err := plan.Validate(); err != nil {
		return plan, console.Usage("against", f.against, err.Error())
	}
	return plan, nil
}

func parseLevels(list string) ([]gf.Level, error) {
	words := console.SplitList(list)
	if len(words) == 0 {
		return gfbench.DefaultLevels(), nil
	}
	var levels []gf.Level
	for _, word := range words {
		l, err := gf.ParseLevel(word)
		if err != nil || !slices.Contains(gf.Levels(), l) {
			return nil, console.Usage("level", list, fmt.Sprintf("those of this processor and build, %s, not %q", names(gf.Levels()), word))
		}
		if slices.Contains(levels, l) {
			return nil, console.Usage("level", list, fmt.Sprintf("each level once, not %s twice", word))
		}
		levels = append(levels, l)
	}
	slices.Sort(levels)
	return levels, nil
}

func parseSizes(list string) ([]int, error) {
	var sizes []int
	for _, word := range console.SplitList(list) {
		n, err := strconv.Atoi(word)
		if err != nil || n < gfbench.MinSize || n > gfbench.MaxSize || slices.Contains(sizes, n) {
			return nil, console.Usage("sizes", list, fmt.Sprintf("different numbers from %d to %d, not %q", gfbench.MinSize, gfbench.MaxSize, word))
		}
		sizes = append(sizes, n)
	}
	if len(sizes) == 0 {
		return nil, console.Usage("sizes", list, "one size or more, such as 1024,5120")
	}
	slices.Sort(sizes)
	return sizes, nil
}

func names(levels []gf.Level) string {
	var words []string
	for _, l := range levels {
		words = append(words, l.String())
	}
	return console.Either(words)
}

// runBenchGF measures and reports.
func (a *app) runBenchGF(ctx context.Context, f *gfFlags) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	bar := gfBar{a.Steps(plan.Steps(), "")}
	report, err := gfbench.Run(ctx, m.env, plan, bar, m.record)
	bar.Stop()
	err = m.finish(err, func() error {
		if len(report.Points) == 0 {
			return nil
		}
		if err := m.table(func(w io.Writer) error { return gfbench.WriteTable(w, report) }); err != nil {
			return err
		}
		chart, err := gfbench.WriteChart(report, m.outputs.out)
		m.wrote(chart)
		return err
	})
	if err == nil && report.Interrupted {
		err = fmt.Errorf("%w after %d points", console.ErrInterrupted, len(report.Points))
	}
	return err
}

// gfBar is a bar as gfbench.Progress.
type gfBar struct{ *console.Progress }

// Begin implements gfbench.Progress.
func (b gfBar) Begin(what string) { b.Say(what) }

// Done implements gfbench.Progress.
func (b gfBar) Done() { b.Add(1) }
