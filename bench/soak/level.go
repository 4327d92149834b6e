package soak

import (
	"fmt"
	"slices"
)

// Sample is what the process holds at the end of a round.
type Sample struct {
	Seconds     float64 `json:"s"`          // since the run began
	RSS         int64   `json:"rss_bytes"`  // resident memory
	Descriptors int64   `json:"fds"`        // open
	Goroutines  int64   `json:"goroutines"` // alive
	Slabs       int64   `json:"slabs"`      // held by the engine's nodes and loops
}

// MinSamples is how many samples a judgement needs, after the warm-up, and MinRounds how many rounds that takes.
const (
	MinSamples = 4
	MinRounds  = 5
)

// quantity is one of the things that must be level.
type quantity struct {
	name      string
	of        func(Sample) int64
	allowance int64 // how much two rounds may differ by chance
}

// quantities have their allowances from what a node, a lane or a block is: a hundred lanes
// more or fewer may be open when a sample is taken (200 descriptors, and slabs of theirs),
// and 64 MB of idle slabs may be kept or not.
var quantities = []quantity{
	{"memory", func(s Sample) int64 { return s.RSS }, 64 << 20},
	{"descriptors", func(s Sample) int64 { return s.Descriptors }, 200},
	{"goroutines", func(s Sample) int64 { return s.Goroutines }, 8},
	{"slabs", func(s Sample) int64 { return s.Slabs }, 100},
}

// Level is the judgement of one quantity.
type Level struct {
	What   string  `json:"what"`
	Median float64 `json:"median"`
	Rise   float64 `json:"rise"`    // of the line of Theil and Sen over all judged rounds
	May    float64 `json:"may"`     // the most that it may rise
	Judged int     `json:"samples"` // 0: there were too few to say anything
}

// Holds reports whether the quantity is level.
func (l Level) Holds() bool { return l.Judged == 0 || l.Rise <= l.May }

func (l Level) String() string {
	return fmt.Sprintf("%s rose by %.0f in %d rounds, with a median of %.0f: at most %.0f are level", l.What, l.Rise, l.Judged, l.Median, l.May)
}

// judge judges all quantities.
func judge(samples []Sample) (all []Level) {
	rest := samples[len(samples)/3:]
	for _, q := range quantities {
		l := Level{What: q.name}
		if len(rest) >= MinSamples {
			values := make([]float64, len(rest))
			for i, s := range rest {
				values[i] = float64(q.of(s))
			}
			l.Judged, l.Median = len(rest), median(values)
			l.Rise = theilSen(values) * float64(len(values)-1)
			l.May = max(l.Median/10, float64(q.allowance))
		}
		all = append(all, l)
	}
	return all
}

// theilSen is the slope of a row of values, a step.
func theilSen(values []float64) float64 {
	var slopes []float64
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			slopes = append(slopes, (values[j]-values[i])/float64(j-i))
		}
	}
	return median(slopes)
}

// median of values, of which there is one or more.
func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
