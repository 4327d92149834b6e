package perf

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/pprof/profile"
)

// What keeps a profile from being analysed.
var (
	// ErrNotCPU means that the profile is of another kind, or not a possible one.
	ErrNotCPU = errors.New("not a CPU profile")
	// ErrNoSamples means that it is a CPU profile of too little work.
	ErrNoSamples = errors.New("the CPU profile has no samples: measure longer")
	// ErrNoMessages means that nothing was switched, so that there is no cost of
	// a message.
	ErrNoMessages = errors.New("no message was switched in the measured window")
)

// Bounds of what passes for a CPU profile. Together they keep the sampled CPU time
// within a time.Duration.
const (
	maxSamples = 1 << 32     // 497 days of CPU at 100 Hz
	maxPeriod  = time.Second // Go's own is 10 ms
)

// topFunctions is how many functions a row keeps. Beyond eight they are below
// the sampling error of any window worth waiting for.
const topFunctions = 8

// Analyse sorts the samples of a CPU profile by [DefaultRules]. hops is how many
// message-hops the profiled window had and cpu the CPU time it used; if cpu is
// 0 or less, the profile's own sum is taken. The profile is not changed.
//
// The errors are [ErrNotCPU], [ErrNoSamples] and [ErrNoMessages], wrapped.
func Analyse(p *profile.Profile, hops uint64, cpu time.Duration) (*Report, error) {
	return DefaultRules().Analyse(p, hops, cpu)
}

// Analyse is the function Analyse with other rules.
func (rs RuleSet) Analyse(p *profile.Profile, hops uint64, cpu time.Duration) (*Report, error) {
	if p == nil {
		panic("perf: Analyse needs a profile")
	}
	if hops == 0 {
		return nil, fmt.Errorf("perf: analysing a profile: %w", ErrNoMessages)
	}
	index, period, err := cpuColumns(p)
	if err != nil {
		return nil, fmt.Errorf("perf: analysing a profile: %w", err)
	}
	t := newTally()
	for _, s := range p.Sample {
		stack := stackOf(s)
		t.add(rs.classify(stack), stack, s.Value[index])
	}
	if t.samples == 0 {
		return nil, fmt.Errorf("perf: analysing a profile: %w", ErrNoSamples)
	}
	return t.report(hops, cpu, period), nil
}

// cpuColumns finds the column of the sample counts and the CPU time a sample
// stands for.
func cpuColumns(p *profile.Profile) (index int, period time.Duration, err error) {
	index = -1
	hasCPU := false
	for i, t := range p.SampleType {
		switch {
		case t.Type == "samples" && t.Unit == "count":
			index = i
		case t.Type == "cpu" && t.Unit == "nanoseconds":
			hasCPU = true
		}
	}
	// What was decoded may still point nowhere.
	if err := p.CheckValid(); err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrNotCPU, err)
	}
	period = time.Duration(p.Period)
	if index < 0 || !hasCPU || period <= 0 || period > maxPeriod {
		return 0, 0, ErrNotCPU
	}
	room := int64(maxSamples)
	for _, s := range p.Sample {
		// A difference of two profiles has negative counts; it is no profile.
		if n := s.Value[index]; n < 0 || n > room {
			return 0, 0, fmt.Errorf("%w: a stack with %d samples", ErrNotCPU, n)
		}
		room -= s.Value[index]
	}
	return index, period, nil
}

// stackOf returns the functions of a sample, leaf first, with inlined ones in
// their place.
func stackOf(s *profile.Sample) []frame {
	stack := make([]frame, 0, len(s.Location))
	for _, loc := range s.Location {
		for _, line := range loc.Line {
			if line.Function != nil {
				stack = append(stack, parseFrame(line.Function.Name))
			}
		}
	}
	return stack
}

// tally adds up verdicts.
type tally struct {
	samples, unknown           int64
	kernel, userShare          int64
	byCategory, userByCategory map[Category]int64
	functions                  map[Category]map[string]int64
}

func newTally() *tally {
	return &tally{
		byCategory:     make(map[Category]int64),
		userByCategory: make(map[Category]int64),
		functions:      make(map[Category]map[string]int64),
	}
}

func (t *tally) add(v verdict, stack []frame, n int64) {
	t.samples += n
	t.byCategory[v.category] += n
	if v.space == InKernel {
		t.kernel += n
	}
	if v.user() {
		t.userShare += n
		t.userByCategory[v.category] += n
	}
	if v.category == Other && !v.known {
		t.unknown += n
	}
	fs := t.functions[v.category]
	if fs == nil {
		fs = make(map[string]int64)
		t.functions[v.category] = fs
	}
	fs[representative(v, stack)] += n
}

// representative is the function under which a sample is listed. The leaf of a
// kernel sample is always the same stub, so who made the call says more.
func representative(v verdict, stack []frame) string {
	switch {
	case len(stack) == 0:
		return "(no stack)"
	case v.space == InKernel && v.decider >= 0:
		return stack[v.decider].full
	default:
		return stack[0].full
	}
}

func (t *tally) report(hops uint64, cpu, period time.Duration) *Report {
	sampled := time.Duration(t.samples) * period
	if cpu <= 0 {
		cpu = sampled
	}
	ns := float64(cpu.Nanoseconds()) / float64(hops)
	r := &Report{
		Messages:     hops,
		CPU:          cpu,
		NsPerMessage: ns,
		Samples:      t.samples,
		Period:       period,
		Coverage:     float64(sampled) / float64(cpu),
		Unknown:      t.unknown,
		UserShare:    newShare(t.userShare, t.samples, ns),
		UserMode:     newShare(t.samples-t.kernel, t.samples, ns),
		Kernel:       newShare(t.kernel, t.samples, ns),
	}
	for _, c := range Categories() {
		r.Rows = append(r.Rows, Row{
			Category:    c,
			Share:       newShare(t.byCategory[c], t.samples, ns),
			UserPercent: t.percent(t.userByCategory[c]),
			Top:         t.top(c),
		})
	}
	return r
}

func (t *tally) percent(n int64) float64 { return 100 * float64(n) / float64(t.samples) }

// top lists the functions of a category with most samples, in a fixed order.
func (t *tally) top(c Category) []Function {
	var fs []Function
	for name, n := range t.functions[c] {
		fs = append(fs, Function{Name: name, Samples: n, Percent: t.percent(n)})
	}
	slices.SortFunc(fs, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Name, b.Name))
	})
	return fs[:min(len(fs), topFunctions)]
}
