package gfbench

import (
	"context"
	"fmt"
	"runtime"

	"github.com/ioverlay/ioverlay/bench"
)

// The values of "kind" of the objects of a result, beside those of package bench.
const ObjectPoint = "gf"

// Point is one sample of one row at one level and of the library, and the JSON object that a line of results holds.
type Point struct {
	Kind      string  `json:"kind"` // ObjectPoint
	Operation string  `json:"operation"`
	Size      int     `json:"packet_bytes"`
	Level     string  `json:"level"`
	Round     int     `json:"round"`
	Bytes     int     `json:"bytes_per_run"`
	NS        float64 `json:"ns_per_run"`
	LowLevel  string  `json:"lowlevel"` // what the library is held to
	LibraryNS float64 `json:"lowlevel_ns_per_run"`
	Ratio     float64 `json:"ratio"` // how many times as fast
	// Peers are nanoseconds a run of what else it is held against, by name.
	Peers map[string]float64 `json:"peers_ns_per_run,omitempty"`
}

// Progress is told how a run goes on. Its methods are called from the goroutine of Run.
type Progress interface {
	Begin(what string)
	Done()
}

// Report is everything that a run found.
type Report struct {
	Env         bench.Env
	Plan        Plan
	Points      []Point
	Interrupted bool // by the context, before the last point
	Summary     Summary
}

// Run measures a plan and calls record with each object of the results as it comes: the Env, every Point, and the
// Summary. The end of the context ends it, and what was measured until then is summed up. The error is one of record's,
// a plan that is not valid, or a result that differs from the library's.
func Run(ctx context.Context, env bench.Env, plan Plan, progress Progress, record func(any) error) (Report, error) {
	report := Report{Env: env, Plan: plan}
	if err := plan.Validate(); err != nil {
		return report, err
	}
	if err := record(env); err != nil {
		return report, fmt.Errorf("record the environment: %w", err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	races, err := report.prepare(ctx, progress)
	if err != nil {
		return report, err
	}
	steps := 0
	for round := range plan.Rounds {
		for _, race := range races {
			if ctx.Err() != nil {
				break
			}
			progress.Begin(fmt.Sprintf("round %d  %s, %d bytes", round+1, race.op.Name, race.size))
			if err := report.take(race, round, record); err != nil {
				return report, err
			}
			progress.Done()
			steps++
		}
	}
	report.Interrupted = steps < plan.Steps()
	report.Summary = summarize(report, races)
	if err := record(report.Summary); err != nil {
		return report, fmt.Errorf("record the summary: %w", err)
	}
	return report, nil
}

// prepare prepares all rows, or until the context ends.
func (r *Report) prepare(ctx context.Context, progress Progress) ([]*race, error) {
	var races []*race
	for _, row := range r.Plan.rows() {
		if ctx.Err() != nil {
			break
		}
		progress.Begin(fmt.Sprintf("prepare %s, %d bytes", row.op.Name, row.size))
		race, err := row.start(r.Plan)
		if err != nil {
			return nil, err
		}
		races = append(races, race)
	}
	return races, nil
}

// take measures one row in one round.
func (r *Report) take(race *race, round int, record func(any) error) error {
	took := race.measure(round)
	for i, l := range race.levels {
		ours, library := race.ours[i], race.library(l)
		p := Point{
			Kind: ObjectPoint, Operation: race.op.Name, Size: race.size, Level: l.String(), Round: round + 1,
			Bytes: race.task.bytes, NS: took[ours], LowLevel: library.name, LibraryNS: took[library],
			Ratio: took[library] / took[ours],
		}
		for _, peer := range race.peers {
			if p.Peers == nil {
				p.Peers = make(map[string]float64)
			}
			p.Peers[peer.name] = took[peer]
		}
		r.Points = append(r.Points, p)
		if err := record(p); err != nil {
			return fmt.Errorf("record a point: %w", err)
		}
	}
	return nil
}
