package emulation

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The suite runs on real links and leaves nothing behind. How close rates come is for
// a quiet machine to say: here only that what was limited is not far above it, which no
// busy machine can cause.
func TestEverySettingIsMeasured(t *testing.T) {
	p := Plan{Over: []engine.Links{engine.TCP, engine.Mem}, Scopes: Scopes, Rates: []emul.Rate{emul.MBps, emul.GBps},
		Links: []int{1, 4}, Warmup: time.Millisecond, Window: 50 * time.Millisecond}
	var lines bytes.Buffer
	steps, enc := 0, json.NewEncoder(&lines)
	r, err := Run(t.Context(), p, enc.Encode, func() { steps++ })
	if err != nil {
		t.Fatal(err)
	}
	if want := len(p.Specs()); len(r.Accuracy) != want || steps != p.Steps() || strings.Count(lines.String(), "\n") != want {
		t.Fatalf("%d results, %d steps, %d lines; want %d", len(r.Accuracy), steps, strings.Count(lines.String(), "\n"), want)
	}
	for _, a := range r.Accuracy {
		if a.RateBytes == int64(emul.MBps) && a.Scope == Up && a.Over == "mem" && a.Measured > 3e6 {
			t.Errorf("1 MBps became %+v", a)
		}
	}
	var table bytes.Buffer
	if err := WriteTables(&table, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"asked for and measured", "total", "1 MBps", "mem"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &table)
		}
	}
	if name, err := WriteChart(r, t.TempDir(), "a machine"); err != nil || name == "" {
		t.Errorf("chart %q: %v", name, err)
	}
}

func TestWhatNoMachineCarriesIsLeftOut(t *testing.T) {
	p := Plan{Over: []engine.Links{engine.Mem}, Scopes: []Scope{PerLink, Up}, Rates: []emul.Rate{100 * emul.MBps}, Links: []int{1, 64}}
	specs := p.Specs()
	if len(specs) != 3 {
		t.Errorf("%d settings, want 3: %+v", len(specs), specs)
	}
}

func TestAnEndedContextEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := Plan{Over: []engine.Links{engine.Mem}, Scopes: []Scope{Up}, Rates: []emul.Rate{emul.MBps}, Links: []int{1}, Warmup: time.Hour}
	if _, err := Run(ctx, p, func(any) error { return nil }, func() {}); err == nil {
		t.Error("it ran to its end")
	}
}

func TestSettles(t *testing.T) {
	row := func(rates ...float64) (s []sample) {
		var sum float64
		for i, r := range append(rates, 0) {
			s = append(s, sample{at: time.Duration(i) * time.Second, bytes: []uint64{uint64(sum)}})
			sum += r
		}
		return s
	}
	for _, c := range []struct {
		rates []float64
		want  float64
	}{
		{[]float64{1000, 1000, 100, 100, 100}, 2},
		{[]float64{100, 100, 100}, 0},
		{[]float64{100, 100, 500}, -1},
		{[]float64{500, 100, 500, 105, 95, 100}, 3},
	} {
		if got := settles(row(c.rates...), 0, 100, time.Second); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v settles after %v, want %v", c.rates, got, c.want)
		}
	}
}

func TestErrorsAreJudgedByRate(t *testing.T) {
	r := Report{Accuracy: []Accuracy{
		{RateBytes: 1_000_000, Error: 0.009}, {RateBytes: 1_000_000, Error: -0.011},
		{RateBytes: 100_000_000, Error: 0.019}, {RateBytes: 100_000_000, Error: 0.021},
	}}
	if got := r.Missed(); got != 2 {
		t.Errorf("%d missed, want 2", got)
	}
}
