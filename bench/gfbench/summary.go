package gfbench

import "github.com/ioverlay/ioverlay/bench"

// Line sums up one row at one level over the rounds.
type Line struct {
	Operation    string        `json:"operation"`
	Size         int           `json:"packet_bytes"`
	Level        string        `json:"level"`
	BytesPerS    *bench.Spread `json:"bytes_per_s"`
	LibraryBPerS *bench.Spread `json:"lowlevel_bytes_per_s"`
	Ratio        *bench.Spread `json:"ratio"`
	Allocs       float64       `json:"allocs_per_run"`
	// Of is the speed as a part of that of each peer, by name.
	Of            map[string]*bench.Spread `json:"of,omitempty"`
	Target        float64                  `json:"target,omitempty"` // what the ratio's median must reach; 0 if nothing
	TargetReached bool                     `json:"target_reached"`   // false too where there is none

	title string
}

// Summary is the last object of a result.
type Summary struct {
	Kind        string `json:"kind"` // bench.ObjectSummary
	Interrupted bool   `json:"interrupted"`
	Points      int    `json:"points"`
	Clock       string `json:"clock"`
	Targets     int    `json:"targets"`
	Reached     int    `json:"targets_reached"`
	Allocating  int    `json:"lines_that_allocate"`
	Lines       []Line `json:"lines"`
}

func summarize(r Report, races []*race) Summary {
	s := Summary{Kind: bench.ObjectSummary, Interrupted: r.Interrupted, Points: len(r.Points), Clock: clockName}
	for _, race := range races {
		for i, l := range race.levels {
			line := Line{
				Operation: race.op.Name, Size: race.size, Level: l.String(), Allocs: race.ours[i].allocs, title: race.op.Title,
			}
			line.overRounds(r.Points)
			if target, ok := race.op.target(race.size, l); ok && line.Ratio != nil {
				line.Target, line.TargetReached = target, line.Ratio.Median >= target
				s.Targets++
				if line.TargetReached {
					s.Reached++
				}
			}
			if line.Allocs > 0 {
				s.Allocating++
			}
			s.Lines = append(s.Lines, line)
		}
	}
	return s
}

// overRounds sums up the points of the line.
func (l *Line) overRounds(points []Point) {
	var ours, library, ratio []float64
	for _, p := range points {
		if p.Operation == l.Operation && p.Size == l.Size && p.Level == l.Level {
			ours = append(ours, float64(p.Bytes)/p.NS*1e9)
			library = append(library, float64(p.Bytes)/p.LibraryNS*1e9)
			ratio = append(ratio, p.Ratio)
		}
	}
	of := make(map[string][]float64)
	for _, p := range points {
		if p.Operation == l.Operation && p.Size == l.Size && p.Level == l.Level {
			for name, ns := range p.Peers {
				of[name] = append(of[name], ns/p.NS)
			}
		}
	}
	l.Of = make(map[string]*bench.Spread)
	for name, ratios := range of {
		l.Of[name] = bench.SpreadOf(ratios)
	}
	l.BytesPerS, l.LibraryBPerS, l.Ratio = bench.SpreadOf(ours), bench.SpreadOf(library), bench.SpreadOf(ratio)
}
