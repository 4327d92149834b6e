package emulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// Plan is what to measure: every combination.
type Plan struct {
	Over     []engine.Links
	Scopes   []Scope
	Rates    []emul.Rate
	Links    []int
	Warmup   time.Duration
	Window   time.Duration
	Pressure bool // the chain with a bottleneck too
}

// Specs are the settings of the plan, but for those that no machine carries.
func (p Plan) Specs() []AccuracySpec {
	var out []AccuracySpec
	for _, over := range p.Over {
		for _, scope := range p.Scopes {
			for _, rate := range p.Rates {
				for _, links := range p.Links {
					s := AccuracySpec{Over: over, Scope: scope, Rate: rate, Links: links, Warmup: p.Warmup, Window: p.Window}
					if s.sum() <= mostTraffic {
						out = append(out, s)
					}
				}
			}
		}
	}
	return out
}

const (
	mostTraffic = emul.GBps     // of a setting; a slower machine than that misses every rate
	lightly     = 2 * emul.MBps // settings below are measured side by side
	sideBySide  = 8
)

// sum is the traffic of a setting.
func (s AccuracySpec) sum() emul.Rate {
	if s.Scope == PerLink {
		return s.Rate * emul.Rate(s.Links)
	}
	return s.Rate
}

// Steps is how many times Run calls done.
func (p Plan) Steps() int {
	n := len(p.Specs())
	if p.Pressure {
		n += len(p.Over)
	}
	return n
}

// Run measures the plan and hands each result to record as it comes, and calls done
// after each step. When the context ends it returns what there is, and why.
func Run(ctx context.Context, p Plan, record func(any) error, done func()) (Report, error) {
	var r Report
	var light, heavy []AccuracySpec
	for _, s := range p.Specs() {
		if s.sum() <= lightly {
			light = append(light, s)
		} else {
			heavy = append(heavy, s)
		}
	}
	take := func(a Accuracy) error {
		r.Accuracy = append(r.Accuracy, a)
		done()
		return record(a)
	}
	for len(light) > 0 {
		n := min(sideBySide, len(light))
		if err := measureTogether(ctx, light[:n], take); err != nil {
			return r, err
		}
		light = light[n:]
	}
	for _, s := range heavy {
		if err := measureTogether(ctx, []AccuracySpec{s}, take); err != nil {
			return r, err
		}
	}
	if !p.Pressure {
		return r, nil
	}
	for _, over := range p.Over {
		links, err := MeasurePressure(ctx, DefaultPressure(over))
		if err != nil {
			return r, err
		}
		r.Pressure = append(r.Pressure, links...)
		done()
		for _, l := range links {
			if err := record(l); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// DefaultPressure is the chain of seven nodes whose middle node gets 30 KB/s.
func DefaultPressure(over engine.Links) PressureSpec {
	return PressureSpec{
		Over: over, Nodes: 7, Before: 10 * emul.MBps, Rate: 30 * emul.KBps, Buffer: 10, Payload: 1000,
		Slow: 30 * time.Second, After: 5 * time.Second,
	}
}

// measureTogether measures settings at the same time.
func measureTogether(ctx context.Context, specs []AccuracySpec, take func(Accuracy) error) error {
	results, errs := make([]Accuracy, len(specs)), make([]error, len(specs))
	var wg sync.WaitGroup
	for i, s := range specs {
		wg.Go(func() { results[i], errs[i] = measure(ctx, s) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("measure emulation: %w", err)
	}
	for _, a := range results {
		if err := take(a); err != nil {
			return err
		}
	}
	return nil
}
