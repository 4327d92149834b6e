package gfbench

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/bench/gfbench/climit"
	"github.com/ioverlay/ioverlay/coding/gf"
)

// The bounds of a plan.
const (
	MinSize   = 1       // bytes of a packet
	MaxSize   = 1 << 20 // likewise
	MaxRounds = 1000
	MaxOffset = lineBytes - 1
	MinSample = 100 * time.Microsecond
	MaxSample = time.Second
)

// Plan says what to measure.
type Plan struct {
	Levels []gf.Level
	Sizes  []int         // bytes of a packet
	Rounds int           // how often each row is measured
	Sample time.Duration // how long each contestant runs in a round, about
	Offset int           // how many bytes past a multiple of 64 packets begin
	// Against is what sums are held against beside LowLevel: [PeerC], [PeerISAL], or nothing.
	Against []string
}

// DefaultLevels returns the best level that this processor has and all without GFNI.
func DefaultLevels() []gf.Level {
	var levels []gf.Level
	for _, l := range gf.Levels() {
		if l < gf.GFNI256 || l == gf.Best() {
			levels = append(levels, l)
		}
	}
	return levels
}

// Validate says what about a plan cannot be measured.
func (p Plan) Validate() error {
	switch {
	case len(p.Levels) == 0 || len(p.Sizes) == 0:
		return fmt.Errorf("a plan of %d levels and %d sizes measures nothing", len(p.Levels), len(p.Sizes))
	case p.Rounds < 1 || p.Rounds > MaxRounds:
		return fmt.Errorf("%d rounds: from 1 to %d can be measured", p.Rounds, MaxRounds)
	case p.Sample < MinSample || p.Sample > MaxSample:
		return fmt.Errorf("samples of %v: from %v to %v can be measured", p.Sample, MinSample, MaxSample)
	case p.Offset < 0 || p.Offset > MaxOffset:
		return fmt.Errorf("an offset of %d bytes: from 0 to %d can be measured", p.Offset, MaxOffset)
	}
	for i, name := range p.Against {
		switch {
		case !slices.Contains(Peers(), name) || slices.Contains(p.Against[:i], name):
			return fmt.Errorf("against %q: those that can be measured are %v, each once", name, Peers())
		case !climit.Available():
			return ErrNoC
		}
	}
	for _, size := range p.Sizes {
		if size < MinSize || size > MaxSize {
			return fmt.Errorf("packets of %d bytes: from %d to %d can be measured", size, MinSize, MaxSize)
		}
	}
	return nil
}

// rows returns what the plan measures.
func (p Plan) rows() []row {
	var rows []row
	for _, o := range Operations() {
		for _, size := range p.Sizes {
			r := row{op: o, size: size}
			for _, l := range p.Levels {
				if !o.bestOnly || l == gf.Best() {
					r.levels = append(r.levels, l)
				}
			}
			if len(r.levels) > 0 {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// Steps is how many samples the plan takes, for a progress bar: one for each row and round.
func (p Plan) Steps() int { return len(p.rows()) * p.Rounds }
