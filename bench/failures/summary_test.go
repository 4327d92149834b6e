package failures

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"
)

func TestSummarize(t *testing.T) {
	const m = time.Millisecond
	s := Spec{StallTimeout: time.Second, FailTimeout: 2 * time.Second}
	trial := func(kind string, detection, recovery time.Duration) Trial {
		return Trial{Kind: kind, Noticed: "something", Detection: detection, Recovery: recovery}
	}
	sums := Summarize(s, []any{
		"not ours", trial("stop", 9*m, 3*m), trial("cut", 4*m, 0), trial("stop", 5*m, 1*m),
		trial("stop", 1*m, 2*m), trial("cut", 2*m, 0), Skipped{Kind: "loss", Why: "no netem"},
	})
	if len(sums) != 3 {
		t.Fatalf("%d summaries: %+v", len(sums), sums)
	}
	stop, cut, loss := sums[0], sums[1], sums[2]
	if stop.Kind != "stop" || stop.Trials != 3 || stop.DetectionMedian != 5*m || stop.DetectionMax != 9*m || stop.RecoveryMedian != 2*m || stop.RecoveryMax != 3*m || stop.Target != 2*time.Second {
		t.Errorf("%+v", stop)
	}
	if cut.DetectionMedian != 3*m || cut.DetectionMax != 4*m || cut.Target != 6*time.Second {
		t.Errorf("%+v", cut)
	}
	if loss.Trials != 0 || loss.Skipped != "no netem" {
		t.Errorf("%+v", loss)
	}
	var table strings.Builder
	WriteTable(&table, sums)
	for _, want := range []string{"no netem", "5.0 ms", "below 6s"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
	for _, some := range [][]Summary{sums, nil} {
		var chart bytes.Buffer
		if err := WriteChart(&chart, some); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(&chart); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("the chart is no XML: %v", err)
			}
		}
	}
}

// A kind that this system cannot measure is skipped with the reason, and one that
// fails is an error.
func TestSkipped(t *testing.T) {
	for name, bad := range map[string]error{"skipped": errNotHere, "an error": errMissed} {
		var got []any
		k := kind{name: "k", trial: func(_ context.Context, _ Spec, _ *nets) (Trial, error) { return Trial{}, bad }}
		err := k.run(t.Context(), Spec{Trials: 3}, func(r any) error { got = append(got, r); return nil })
		if (err != nil) != (bad == errMissed) || (len(got) == 1) != (bad == errNotHere) {
			t.Errorf("%s: %v, recorded %v", name, err, got)
		}
	}
}
