package perf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/google/pprof/profile"
)

// Workload runs the window to be measured and nothing else: what it sets up and
// takes down is profiled with it. It returns how many message-hops it had, the
// CPU time that the process used for them (user and system) and the wall time.
// It should return soon after ctx is done, with what it has measured till then.
type Workload func(ctx context.Context) (hops uint64, cpu time.Duration, wall time.Duration, err error)

// ErrProfilerBusy means that something else in this process takes a CPU profile.
// There can be only one at a time.
var ErrProfilerBusy = errors.New("another CPU profile is being taken in this process")

// Options are Run's settings. The zero value saves nothing and uses
// [DefaultRules].
type Options struct {
	// Title heads the table, "switch, 8 nodes" for example.
	Title string
	// Dir is where the raw profile is saved as Name.pprof; it is made if need
	// be. Empty: not saved.
	Dir string
	// Name is the file's name without its ending; empty: "switch".
	Name string
	// Rules sort the samples; nil: DefaultRules.
	Rules *RuleSet
}

// Run takes a CPU profile of the whole process while work runs, at Go's 100
// samples a CPU-second, saves the raw profile and analyses it. The profile is
// saved before it is analysed, so an unexpected one can be looked at.
//
// The errors are work's own, [ErrProfilerBusy], those of [Analyse], and those of
// writing the file, all wrapped. Run may not be called twice at a time.
func Run(ctx context.Context, opts Options, work Workload) (*Report, error) {
	if work == nil {
		panic("perf: Run needs a workload")
	}
	raw, m, err := profiled(ctx, work)
	if err != nil {
		return nil, err
	}
	path, err := opts.save(raw)
	if err != nil {
		return nil, err
	}
	p, err := profile.ParseData(raw)
	if err != nil {
		return nil, fmt.Errorf("perf: reading the profile back: %w", err)
	}
	rules := DefaultRules()
	if opts.Rules != nil {
		rules = *opts.Rules
	}
	r, err := rules.Analyse(p, m.hops, m.cpu)
	if err != nil {
		return nil, err
	}
	r.Title, r.Wall, r.ProfilePath, r.OSUserPercent = opts.Title, m.wall, path, m.osUser
	return r, nil
}

// measured is what a workload says of itself.
type measured struct {
	hops      uint64
	cpu, wall time.Duration
	osUser    float64 // percent, by the operating system's count
}

// profiled runs the workload under the profiler. The profiler is off again when
// it returns or panics.
func profiled(ctx context.Context, work Workload) ([]byte, measured, error) {
	var raw bytes.Buffer
	// StartCPUProfile has one way to fail.
	if err := pprof.StartCPUProfile(&raw); err != nil {
		return nil, measured{}, fmt.Errorf("perf: starting the profiler: %w: %w", ErrProfilerBusy, err)
	}
	m, err := func() (m measured, err error) {
		defer pprof.StopCPUProfile()
		before, err := usage()
		if err != nil {
			return m, err
		}
		if m.hops, m.cpu, m.wall, err = work(ctx); err != nil {
			return m, fmt.Errorf("perf: the workload failed: %w", err)
		}
		after, err := usage()
		m.osUser = before.userPercentTo(after)
		return m, err
	}()
	if err != nil {
		return nil, m, err
	}
	return raw.Bytes(), m, nil
}

// save writes the raw profile and returns its path, or "" if none was asked for.
func (o Options) save(raw []byte) (string, error) {
	if o.Dir == "" {
		return "", nil
	}
	name := o.Name
	if name == "" {
		name = "switch"
	}
	path := filepath.Join(o.Dir, name+".pprof")
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return "", fmt.Errorf("perf: making the profile's folder: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		return "", fmt.Errorf("perf: saving the profile: %w", err)
	}
	return path, nil
}
