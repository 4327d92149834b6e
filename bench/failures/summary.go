package failures

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Summary is what the trials of one kind come to. Times are in nanoseconds.
type Summary struct {
	Object          string        `json:"object"` // "summary"
	Kind            string        `json:"kind"`
	What            string        `json:"what"`
	Trials          int           `json:"trials"`
	Noticed         string        `json:"noticed,omitempty"`
	How             string        `json:"how,omitempty"` // packets were lost
	DetectionMedian time.Duration `json:"detection_median_ns"`
	DetectionMax    time.Duration `json:"detection_max_ns"`
	RecoveryMedian  time.Duration `json:"recovery_median_ns"`
	RecoveryMax     time.Duration `json:"recovery_max_ns"`
	Target          time.Duration `json:"target_ns"` // that the maximum should be below; 0 for none
	Skipped         string        `json:"skipped,omitempty"`
}

// killTarget is below what the detection of a killed process should stay.
const killTarget = 50 * time.Millisecond

// target is what the maximum of a kind is held to: the issue's, or for a stall what
// the monitor promises.
func (s Spec) target(kind string) time.Duration {
	switch kind {
	case "kill-down", "kill-up":
		return killTarget
	case "cut":
		return 3 * s.FailTimeout
	case "stop":
		return 2 * s.StallTimeout
	}
	return 0
}

// Summarize sums up what Run has recorded, a Summary for each kind.
func Summarize(s Spec, records []any) (sums []Summary) {
	for _, k := range kinds() {
		sum := Summary{Object: "summary", Kind: k.name, What: k.what, Target: s.target(k.name)}
		var detection, recovery []time.Duration
		for _, r := range records {
			switch r := r.(type) {
			case Trial:
				if r.Kind == k.name {
					sum.Trials++
					sum.Noticed, sum.How = r.Noticed, r.How
					detection, recovery = append(detection, r.Detection), append(recovery, r.Recovery)
				}
			case Skipped:
				if r.Kind == k.name {
					sum.Skipped = r.Why
				}
			}
		}
		if sum.Trials == 0 && sum.Skipped == "" {
			continue
		}
		if sum.Trials > 0 {
			sum.DetectionMedian, sum.DetectionMax = median(detection), slices.Max(detection)
			sum.RecoveryMedian, sum.RecoveryMax = median(recovery), slices.Max(recovery)
		}
		sums = append(sums, sum)
	}
	return sums
}

// median is the mean of the middle two if the number is even.
func median(ds []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(ds))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// WriteTable prints the summaries.
func WriteTable(w io.Writer, sums []Summary) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"failure", "trials", "noticed as", "median", "max", "target", "recovered: median", "max"})
	for _, s := range sums {
		if s.Skipped != "" {
			t.AppendRow(table.Row{s.What, 0, s.Skipped})
			continue
		}
		noticed := s.Noticed
		if s.How != "" {
			noticed += " (" + s.How + ")"
		}
		t.AppendRow(table.Row{s.What, s.Trials, noticed, ms(s.DetectionMedian), ms(s.DetectionMax), below(s.Target), ms(s.RecoveryMedian), ms(s.RecoveryMax)})
	}
	t.Render()
}

func ms(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
}

func below(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return "below " + d.String()
}
