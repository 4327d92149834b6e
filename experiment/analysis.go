package experiment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// Analysis is what the rows of an experiment come to.
type Analysis struct {
	Kind       string  `json:"kind"` // "experiment-summary"
	Name       string  `json:"name"`
	World      string  `json:"world"`
	Confidence float64 `json:"confidence"`
	Runs       int     `json:"runs"`  // done
	Total      int     `json:"total"` // that the experiment has
	Violated   int     `json:"expectation_failed"`
	Failed     int     `json:"failed"`
	// Absent are the measures that have no value in any run, though some ended well, and are not optional.
	Absent []Absent `json:"absent"`
	// Builds are the programs that the runs are of, this one first.
	Builds []Build `json:"builds"`
	// Cells are in the order of the experiment, each with every measure.
	Cells   []CellSummary `json:"summary"`
	Effects []Effect      `json:"comparisons"`
}

// Absent is a measure without any value.
type Absent struct {
	Measure string `json:"measure"`
	Why     string `json:"why"` // in one of the runs
}

// Build is a program that did runs.
type Build struct {
	SHA256 string `json:"sha256"` // "": one that could not read itself
	Runs   int    `json:"runs"`
}

// CellSummary is one measure of one combination, over its seeds. A run that failed has no
// part in it; one whose expectations did not hold has.
type CellSummary struct {
	Levels  map[string]string `json:"factors"`
	Measure string            `json:"measure"`
	Unit    string            `json:"unit,omitempty"`
	Runs    int               `json:"runs"`    // done, those that failed too
	Failed  int               `json:"failed"`  // could not be run to their end
	Missing int               `json:"missing"` // ran, and have no value
	Builds  int               `json:"builds"`  // different programs that did them
	stats.Summary
}

// grid is the values of an experiment by cell, measure and seed.
type grid struct {
	e     *Experiment
	cells []Cell
	place map[string]int // of a cell by its name
	rows  [][]Row        // by cell, in the order of seeds
	units map[string]string
}

func (e *Experiment) grid(rows []Row) *grid {
	t := &grid{e: e, cells: e.Cells(), units: make(map[string]string)}
	t.place = make(map[string]int, len(t.cells))
	for i, c := range t.cells {
		t.place[c.String()] = i
	}
	t.rows = make([][]Row, len(t.cells))
	for _, r := range rows {
		i, ok := t.place[e.cellOf(r).String()]
		if !ok {
			continue
		}
		t.rows[i] = append(t.rows[i], r)
		for name, v := range r.Values {
			t.units[name] = cmp.Or(t.units[name], v.Unit)
		}
	}
	return t
}

// cellOf is the combination of a row. Levels that there are not are the first.
func (e *Experiment) cellOf(r Row) Cell {
	c := Cell{e, make([]int, len(e.Factors))}
	for i := range e.Factors {
		f := &e.Factors[i]
		for k := range f.Levels {
			if f.Levels[k].Name == r.Levels[f.Name] {
				c.levels[i] = k
			}
		}
	}
	return c
}

// values are those of a measure in a cell, with their seeds.
func (t *grid) values(cell int, measure string) (values []float64, seeds []uint64) {
	for _, r := range t.rows[cell] {
		if v, ok := r.Values[measure]; ok && v.Value.Is() {
			values, seeds = append(values, float64(v.Value)), append(seeds, r.Seed)
		}
	}
	return values, seeds
}

// each are the values of all nodes in all seeds; those of the seeds if the measure has one
// a run.
func (t *grid) each(cell int, measure string) (values []float64, nodes bool) {
	for _, r := range t.rows[cell] {
		for _, one := range r.Values[measure].Each {
			if one.Value.Is() {
				values, nodes = append(values, float64(one.Value)), true
			}
		}
	}
	if !nodes {
		values, _ = t.values(cell, measure)
	}
	return values, nodes
}

// Analyse sums rows up: each measure of each combination, and the factors' effects.
func (e *Experiment) Analyse(rows []Row) *Analysis {
	a := &Analysis{Kind: "experiment-summary", Name: e.Name, World: e.World, Confidence: e.Confidence, Runs: len(rows),
		Absent: []Absent{}, Builds: buildsOf(rows), Cells: []CellSummary{}, Effects: []Effect{}}
	for _, r := range rows {
		switch r.Status {
		case Failed:
			a.Failed++
		case Violated:
			a.Violated++
		}
	}
	t := e.grid(rows)
	a.Total = len(t.cells) * len(e.Seeds)
	for i, c := range t.cells {
		for _, m := range e.Measures {
			values, _ := t.values(i, m.Name)
			s := CellSummary{Levels: c.Levels(), Measure: m.Name, Unit: t.units[m.Name], Runs: len(t.rows[i]), Builds: len(buildsOf(t.rows[i])), Summary: stats.Describe(values, e.Confidence)}
			for _, r := range t.rows[i] {
				if r.Status == Failed {
					s.Failed++
				}
			}
			s.Missing = s.Runs - s.Failed - len(values)
			a.Cells = append(a.Cells, s)
		}
	}
	a.Absent = append(a.Absent, e.absent(rows)...)
	for _, m := range e.Measures {
		a.Effects = append(a.Effects, t.effects(m.Name)...)
	}
	return a
}

// absent are the measures that no run has a value of, unless none ended well: then that is what is wrong.
func (e *Experiment) absent(rows []Row) (all []Absent) {
	for _, m := range e.Measures {
		one, ended := Absent{Measure: m.Name}, false
		for _, r := range rows {
			v, ok := r.Values[m.Name]
			if v.Value.Is() && ok {
				ended = false
				break
			}
			ended = ended || r.Status != Failed
			one.Why = cmp.Or(one.Why, v.Why)
		}
		if ended && !m.Optional {
			all = append(all, one)
		}
	}
	return all
}

// buildsOf are the programs of runs, this one first and the others by how many they did.
func buildsOf(rows []Row) []Build {
	runs := make(map[string]int)
	for _, r := range rows {
		runs[r.Build]++
	}
	all := make([]Build, 0, len(runs))
	for _, sum := range slices.Sorted(maps.Keys(runs)) {
		all = append(all, Build{sum, runs[sum]})
	}
	slices.SortStableFunc(all, func(a, b Build) int {
		switch build() {
		case a.SHA256:
			return -1
		case b.SHA256:
			return 1
		}
		return cmp.Compare(b.Runs, a.Runs)
	})
	return all
}

// short is a build for people.
func (b Build) short() string {
	const digits = 12
	if b.SHA256 == "" {
		return "unknown"
	}
	return b.SHA256[:min(len(b.SHA256), digits)]
}

// mixed says of which programs runs are, and "" if all are of one.
func mixed(builds []Build) string {
	if len(builds) < 2 {
		return ""
	}
	var parts []string
	for _, b := range builds {
		parts = append(parts, fmt.Sprintf("%s did %d", b.short(), b.Runs))
	}
	return strings.Join(parts, ", ")
}
