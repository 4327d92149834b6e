package experiment

import (
	"cmp"

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
	// Cells are in the order of the experiment, each with every measure.
	Cells   []CellSummary `json:"summary"`
	Effects []Effect      `json:"comparisons"`
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
		Cells: []CellSummary{}, Effects: []Effect{}}
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
			s := CellSummary{Levels: c.Levels(), Measure: m.Name, Unit: t.units[m.Name], Runs: len(t.rows[i]), Summary: stats.Describe(values, e.Confidence)}
			for _, r := range t.rows[i] {
				if r.Status == Failed {
					s.Failed++
				}
			}
			s.Missing = s.Runs - s.Failed - len(values)
			a.Cells = append(a.Cells, s)
		}
	}
	for _, m := range e.Measures {
		a.Effects = append(a.Effects, t.effects(m.Name)...)
	}
	return a
}
