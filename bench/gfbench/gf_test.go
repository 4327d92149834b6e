package gfbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/gfbench/climit"
	"github.com/ioverlay/ioverlay/coding/gf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every operation gives the same at all levels as the library does, at any size and offset, and decoding gives the
// source packets.
func TestContestantsAgree(t *testing.T) {
	for _, op := range Operations() {
		for _, size := range []int{1, 33, 300} {
			for _, offset := range []int{0, 24} {
				plan := Plan{Offset: offset}
				if climit.Available() {
					plan.Against = Peers()
				}
				c := newRace(row{op: op, size: size, levels: gf.Levels()}, plan)
				if sums := c.task.sums != nil; len(c.peers) != 0 != (sums && climit.Available() || c.task.product != nil) {
					t.Errorf("%s: %d peers", op.Name, len(c.peers))
				}
				if err := c.check(); err != nil {
					t.Error(err)
				}
				if !op.Decode {
					continue
				}
				for i, p := range newPackets(packetsOf, size, offset, 1) {
					if !bytes.Equal(c.task.results()[i], p) {
						t.Errorf("%s of %d bytes: packet %d is wrong", op.Name, size, i)
					}
				}
			}
		}
	}
}

// A result that differs is noticed.
func TestCheckNotices(t *testing.T) {
	made := [][]byte{{1}, {2}}
	c := &race{row: row{op: Operation{Name: "op"}, size: 1}, task: &task{results: func() [][]byte { return made }}}
	c.libraries = []*contestant{{name: "best", run: func(int) { made[1][0] = 2 }}}
	c.ours = []*contestant{{name: "generic", run: func(int) { made[1][0] = 3 }}}
	if err := c.check(); err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("%v, want an error that names the level", err)
	}
}

func TestPacketsAreSpread(t *testing.T) {
	for _, size := range []int{1, 1024, 4096, 3520, 65536} {
		packets := newPackets(5, size, 24, 1)
		for i, p := range packets {
			if at := address(p); at%lineBytes != 24 || len(p) != size {
				t.Errorf("size %d: packet %d of %d bytes begins at %d", size, i, len(p), at%lineBytes)
			}
			if i > 0 && (address(p)-address(packets[i-1]))%pageBytes == 0 {
				t.Errorf("size %d: packets lie a multiple of a page apart", size)
			}
		}
	}
}

func tinyPlan() Plan {
	return Plan{Levels: slices.Compact([]gf.Level{gf.Generic, gf.Best()}), Sizes: []int{40}, Rounds: 2, Sample: MinSample}
}

type steps struct{ begun, done int }

func (s *steps) Begin(string) { s.begun++ }
func (s *steps) Done()        { s.done++ }

func TestRun(t *testing.T) {
	plan, progress := tinyPlan(), new(steps)
	var objects []any
	report, err := Run(t.Context(), bench.Env{Kind: bench.ObjectEnv, CPUModel: "a processor"}, plan, progress, func(o any) error {
		objects = append(objects, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, r := range plan.rows() {
		lines += len(r.levels)
	}
	if len(report.Points) != lines*plan.Rounds || len(objects) != len(report.Points)+2 || len(report.Summary.Lines) != lines {
		t.Errorf("%d points, %d objects and %d lines of a plan of %d lines", len(report.Points), len(objects), len(report.Summary.Lines), lines)
	}
	if progress.done != plan.Steps() || progress.begun < progress.done {
		t.Errorf("progress %+v of %d steps", *progress, plan.Steps())
	}
	for _, p := range report.Points {
		if decoder := strings.HasPrefix(p.Operation, "decode-"); decoder != (p.Peers[PeerProduct] > 0) {
			t.Errorf("%s is held against %v", p.Operation, p.Peers)
		}
		if p.NS <= 0 || p.LibraryNS <= 0 || p.Ratio != p.LibraryNS/p.NS || p.Bytes <= 0 {
			t.Errorf("%+v", p)
		}
	}
	for _, o := range objects {
		if _, err := json.Marshal(o); err != nil {
			t.Error(err)
		}
	}
	if name, err := WriteChart(report, t.TempDir()); err != nil || name == "" {
		t.Errorf("chart %q, %v", name, err)
	}
	var text strings.Builder
	if err := WriteTable(&text, report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dst ^= c·src", "coding.Decoder", gf.Best().String(), "Targets reached", "a processor", "of its product"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, &text)
		}
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	points := 0
	report, err := Run(ctx, bench.Env{}, tinyPlan(), Silent{}, func(o any) error {
		if _, point := o.(Point); point {
			points++
			cancel()
		}
		return nil
	})
	if err != nil || !report.Interrupted || !report.Summary.Interrupted || points == 0 || points != len(report.Points) {
		t.Errorf("error %v, %d points recorded, report %+v", err, points, report.Summary)
	}
	if err := WriteTable(new(strings.Builder), report); err != nil {
		t.Error(err)
	}
}

func TestNothingToDraw(t *testing.T) {
	if name, err := WriteChart(Report{Plan: tinyPlan()}, t.TempDir()); err != nil || name != "" {
		t.Errorf("chart %q of a run that measured nothing, %v", name, err)
	}
}

func TestRunFailsWhereItCannotRecord(t *testing.T) {
	full := errors.New("the disk is full")
	for n := range 3 {
		left := n
		_, err := Run(t.Context(), bench.Env{}, tinyPlan(), Silent{}, func(any) error {
			if left--; left < 0 {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) {
			t.Errorf("object %d could not be recorded: %v", n, err)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := tinyPlan().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(p *Plan){
		"no level":                              func(p *Plan) { p.Levels = nil },
		"no size":                               func(p *Plan) { p.Sizes = nil },
		"size 0":                                func(p *Plan) { p.Sizes = []int{0} },
		"large size":                            func(p *Plan) { p.Sizes = []int{100, MaxSize + 1} },
		"no round":                              func(p *Plan) { p.Rounds = 0 },
		"no sample":                             func(p *Plan) { p.Sample = 0 },
		"long":                                  func(p *Plan) { p.Sample = time.Hour },
		"offset":                                func(p *Plan) { p.Offset = lineBytes },
		"stranger":                              func(p *Plan) { p.Against = []string{"fortran"} },
		"the product, which is always measured": func(p *Plan) { p.Against = []string{PeerProduct} },
	} {
		p := tinyPlan()
		spoil(&p)
		if _, err := Run(t.Context(), bench.Env{}, p, Silent{}, func(any) error { return nil }); err == nil {
			t.Errorf("%s: a plan that cannot be measured was", name)
		}
	}
}

// Without C in the program, a plan that asks for it is refused with how to get it; with it, all its columns are filled.
func TestAgainstC(t *testing.T) {
	plan := tinyPlan()
	plan.Levels, plan.Sizes, plan.Against = []gf.Level{gf.Best()}, []int{100}, Peers()
	report, err := Run(t.Context(), bench.Env{}, plan, Silent{}, func(any) error { return nil })
	if !climit.Available() {
		if !errors.Is(err, ErrNoC) || !strings.Contains(err.Error(), "-tags isal") {
			t.Errorf("%v, want how to build with C", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range report.Summary.Lines {
		decoding := strings.HasPrefix(l.Operation, "decode-") || strings.HasPrefix(l.Operation, "matrix-")
		for _, name := range Peers() {
			if of := l.Of[name]; (of == nil) != decoding || of != nil && of.Median <= 0 {
				t.Errorf("%s is held against %v", l.Operation, l.Of)
			}
		}
	}
	var text strings.Builder
	if err := WriteTable(&text, report); err != nil || !strings.Contains(text.String(), "x ISA-L") {
		t.Errorf("%v:\n%s", err, &text)
	}
}

func TestTargets(t *testing.T) {
	code := Operations()[1]
	for _, c := range []struct {
		level gf.Level
		size  int
		want  float64
	}{
		{gf.GFNI512, 5120, 2.3}, {gf.GFNI512, 777, 0}, {gf.GFNI256, 5120, 0}, {gf.AVX2, 5120, 1}, {gf.SSSE3, 777, 1}, {gf.NEON, 1, 1},
		{gf.Generic, 1, 1},
	} {
		if got, ok := code.target(c.size, c.level); got != c.want || ok != (c.want > 0) {
			t.Errorf("%s of %d bytes at %v: target %v, %v; want %v", code.Name, c.size, c.level, got, ok, c.want)
		}
	}
}

// A line's ratio is the median of ratios within a round, and the target is reached by it.
func TestSummary(t *testing.T) {
	c := newRace(row{op: Operations()[1], size: 5120, levels: []gf.Level{gf.Generic}}, Plan{})
	r := Report{}
	for i, ratio := range []float64{0.5, 1.25, 4} {
		r.Points = append(r.Points, Point{
			Operation: c.op.Name, Size: 5120, Level: "generic", Round: i, Bytes: 1000, NS: 100, LibraryNS: 100 * ratio, Ratio: ratio,
		})
	}
	s := summarize(r, []*race{c})
	got := fmt.Sprintf("%.2f of %.1f, %v; %d of %d", s.Lines[0].Ratio.Median, s.Lines[0].Target, s.Lines[0].TargetReached, s.Reached, s.Targets)
	if want := "1.25 of 1.0, true; 1 of 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s.Lines[0].BytesPerS.Median != 1e10 || s.Lines[0].LibraryBPerS.Median != 8e9 {
		t.Errorf("%+v and %+v", s.Lines[0].BytesPerS, s.Lines[0].LibraryBPerS)
	}
}
