package repro

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/core/engine"
)

// Tolerance is how far a figure may be from the paper's in a world, as a share of it.
func (w World) Tolerance() float64 {
	if w == Sim {
		return 0.02
	}
	return 0.05
}

// Fig4Point is one node in one case: the paper's figure and ours.
type Fig4Point struct {
	Kind  string `json:"kind"` // "fig4"
	World World  `json:"world"`
	Case  Case   `json:"case"`
	NodeResult
	PaperPerS *float64 `json:"paper_bytes_per_s,omitempty"` // useful; absent where the paper gives none
	Deviation *float64 `json:"deviation,omitempty"`         // of ours from the paper's, as a share of it
}

// Within reports whether the point agrees with the paper as well as its world allows. The
// helper nodes, for which the paper gives no figure or none above 0, always do.
func (p Fig4Point) Within() bool {
	return p.Deviation == nil || math.Abs(*p.Deviation) <= p.World.Tolerance()
}

// Fig4Spec is how Fig. 4 is run.
type Fig4Spec struct {
	World World
	Seed  uint64
	Window
	// Program is this program and the arguments before a node's, for Proc.
	Program []string
}

// Fig4 runs both cases of Fig. 4, and calls record with each point.
func Fig4(ctx context.Context, s Fig4Spec, record func(Fig4Point) error) ([]Fig4Point, error) {
	var points []Fig4Point
	for _, c := range []Case{Uncoded, Coded} {
		results, err := runFig4(ctx, s, c)
		if err != nil {
			return points, fmt.Errorf("run case %s of Fig. 4 in world %s: %w", c, s.World, err)
		}
		for _, r := range results {
			p := Fig4Point{Kind: "fig4", World: s.World, Case: c, NodeResult: r}
			if paper, known := Paper[c][r.Node]; known {
				p.PaperPerS = &paper
				if paper > 0 {
					d := r.UsefulPerS/paper - 1
					p.Deviation = &d
				}
			}
			points = append(points, p)
			if err := record(p); err != nil {
				return points, err
			}
		}
	}
	return points, nil
}

func runFig4(ctx context.Context, s Fig4Spec, c Case) (results []NodeResult, err error) {
	var b bed
	switch s.World {
	case Sim:
		b = newSimBed(s.Seed)
	case Live:
		b, err = newLiveBed(s.Seed, engine.TCP)
	case Proc:
		b = newProcBed(ctx, s.Program, c)
	default:
		err = fmt.Errorf("no world %q", s.World)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, name := range fig4Order {
		r := role{}
		if s.World != Proc { // there the node's own process makes it
			if r, err = fig4Role(c, name, b.id); err != nil {
				return nil, err
			}
		}
		if err := b.add(name, r); err != nil {
			return nil, err
		}
	}
	results, err = measure(ctx, b, []string{"A"}, Fig4Nodes(), s.Window)
	slices.SortFunc(results, func(x, y NodeResult) int { return int(x.Node[0]) - int(y.Node[0]) })
	return results, err
}
