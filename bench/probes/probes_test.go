package probes

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// Both kinds of measurement end with a result, over both kinds of links. How good
// it is, in real time, is what the benchmark is for.
func TestRun(t *testing.T) {
	for _, links := range []engine.Links{engine.TCP, engine.Mem} {
		var trials []Trial
		s := Spec{Links: links, Rates: []emul.Rate{5 * emul.MBps}, Latencies: []time.Duration{time.Millisecond}, Trials: 1}
		if err := Run(t.Context(), s, func(r Trial) error { trials = append(trials, r); return nil }); err != nil {
			t.Fatal(err)
		}
		rows := Summarize(trials)
		if len(rows) != 2 || rows[0].What != algos.Bandwidth || rows[1].What != algos.Latency || rows[0].Cost == 0 {
			t.Errorf("%+v", rows)
		}
		var b strings.Builder
		if WriteTable(&b, rows); !strings.Contains(b.String(), "5 MBps") || !strings.Contains(b.String(), "2ms there and back") {
			t.Errorf("table\n%s", b.String())
		}
	}
}

func TestSummarize(t *testing.T) {
	rows := Summarize([]Trial{
		{What: "x", Truth: 1, Error: 0.02, Cost: 5, Seconds: 1}, {What: "x", Truth: 1, Error: -0.1, Cost: 7, Seconds: 3},
		{What: "x", Truth: 2, Error: 0}, {What: "x", Truth: 1, Error: 0.04, Cost: 6, Seconds: 2},
	})
	want := Row{Object: "row", What: "x", Truth: 1, Trials: 3, MedianError: 0.02, WorstError: -0.1, Cost: 6, Seconds: 2}
	if len(rows) != 2 || rows[0] != want {
		t.Errorf("%+v", rows)
	}
}
