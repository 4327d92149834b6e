package experiment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// Differences are two results beside each other: of two versions of a program, of two
// worlds, or of two forms of an experiment.
type Differences struct {
	Kind       string       `json:"kind"` // "experiment-comparison"
	A          Side         `json:"a"`
	B          Side         `json:"b"`
	Confidence float64      `json:"confidence"`
	Rows       []Difference `json:"differences"`
	// OnlyA and OnlyB are combinations and measures that one side alone has.
	OnlyA []string `json:"only_a"`
	OnlyB []string `json:"only_b"`
}

// Side is one of two results.
type Side struct {
	Dir     string `json:"dir"`
	Name    string `json:"name"`
	World   string `json:"world"`
	Version string `json:"version"`
	Build   string `json:"build"`
	// Builds are the programs that did the runs: more than one if they were gone on with --any-build.
	Builds []Build `json:"builds"`
	Host   string  `json:"host"`
	Runs   int     `json:"runs"`
	Failed int     `json:"failed"`
}

// Difference is one measure of one combination on both sides; differences are b less a.
type Difference struct {
	Levels  map[string]string `json:"factors"`
	Measure string            `json:"measure"`
	Unit    string            `json:"unit,omitempty"`
	RunsA   int               `json:"runs_a"` // with a value
	RunsB   int               `json:"runs_b"`
	stats.Comparison
	Verdict string `json:"verdict"`

	name string
}

// Open reads the results of a folder: the experiment as its bundle has it, and the rows.
func Open(dir string) (*Experiment, *Bundle, []Row, error) {
	path := filepath.Join(dir, BundleName)
	e, err := Load(path)
	if err != nil {
		return nil, nil, nil, err
	}
	b, err := readBundle(path)
	if err != nil {
		return nil, nil, nil, err
	}
	path = filepath.Join(dir, RowsName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read the results: %w", err)
	}
	rows, err := parseRows(path, text[:strings.LastIndexByte(string(text), '\n')+1])
	if err != nil {
		return nil, nil, nil, err
	}
	for _, f := range b.Files { // what a run is known by has them in it
		if _, err := e.files.open(f.Name); err != nil {
			return nil, nil, nil, fmt.Errorf("read the results: %w", err)
		}
	}
	e.uses = b.Uses
	var all []Row
	for _, t := range e.tasks() { // and not those of an earlier form of the experiment
		if r, done := rows[t.key]; done {
			all = append(all, r)
		}
	}
	return e, b, all, nil
}

// Compare puts two results beside each other.
func Compare(dirA, dirB string) (*Differences, error) {
	d := &Differences{Kind: "experiment-comparison", Rows: []Difference{}, OnlyA: []string{}, OnlyB: []string{}}
	var es [2]*Experiment
	var ts [2]*grid
	for i, side := range []struct {
		dir string
		to  *Side
	}{{dirA, &d.A}, {dirB, &d.B}} {
		e, b, rows, err := Open(side.dir)
		if err != nil {
			return nil, err
		}
		es[i], ts[i] = e, e.grid(rows)
		*side.to = Side{Dir: side.dir, Name: e.Name, World: e.World, Version: b.Origin.Version, Build: b.Build, Builds: buildsOf(rows), Host: b.Origin.Host.Name, Runs: len(rows)}
		for _, r := range rows {
			if r.Status == Failed {
				side.to.Failed++
			}
		}
	}
	d.Confidence = max(es[0].Confidence, es[1].Confidence)
	values := [2]map[string]cellValues{ts[0].all(), ts[1].all()}
	for _, key := range ts[0].keys() {
		a := values[0][key]
		b, both := values[1][key]
		if !both {
			d.OnlyA = append(d.OnlyA, key)
			continue
		}
		if a.unit != "" && b.unit != "" && a.unit != b.unit {
			return nil, fmt.Errorf("compare %s: its unit is %s in %s and %s in %s", key, a.unit, dirA, b.unit, dirB)
		}
		one := Difference{Levels: a.levels, Measure: a.measure, Unit: a.unit, RunsA: len(a.seeds), RunsB: len(b.seeds), name: a.cell}
		one.Comparison = a.against(b, d.Confidence)
		d.Rows = append(d.Rows, one)
	}
	for _, key := range ts[1].keys() {
		if _, both := values[0][key]; !both {
			d.OnlyB = append(d.OnlyB, key)
		}
	}
	if len(d.Rows) == 0 {
		return nil, errors.New("the two results have no measure of the same combination in common: factors, levels and measures must have the same names")
	}
	d.judge()
	return d, nil
}

// judge corrects the comparisons of each measure, which are a family, and says what they
// show.
func (d *Differences) judge() {
	families := make(map[string][]*stats.Comparison)
	for i := range d.Rows {
		m := d.Rows[i].Measure
		families[m] = append(families[m], &d.Rows[i].Comparison)
	}
	for _, f := range families {
		stats.Holm(f)
	}
	for i := range d.Rows {
		d.Rows[i].Verdict = verdict(&d.Rows[i].Comparison, d.Confidence)
	}
}

// cellValues are those of one measure of one combination.
type cellValues struct {
	cell, measure, unit string
	levels              map[string]string
	values              []float64
	seeds               []uint64
}

// keys name every measure of every combination, in order.
func (t *grid) keys() (keys []string) {
	for _, c := range t.cells {
		for _, m := range t.e.Measures {
			keys = append(keys, c.String()+": "+m.Name)
		}
	}
	return keys
}

func (t *grid) all() map[string]cellValues {
	m := make(map[string]cellValues)
	for i, c := range t.cells {
		for _, one := range t.e.Measures {
			v := cellValues{cell: c.String(), measure: one.Name, unit: t.units[one.Name], levels: c.Levels()}
			v.values, v.seeds = t.values(i, one.Name)
			m[c.String()+": "+one.Name] = v
		}
	}
	return m
}

// against compares by pairs of seeds where there are two at least, and else without.
func (v cellValues) against(w cellValues, confidence float64) stats.Comparison {
	other := make(map[uint64]float64, len(w.seeds))
	for i, seed := range w.seeds {
		other[seed] = w.values[i]
	}
	var a, b []float64
	for i, seed := range v.seeds {
		if value, both := other[seed]; both {
			a, b = append(a, v.values[i]), append(b, value)
		}
	}
	if len(a) >= 2 {
		return stats.Paired(a, b, confidence)
	}
	return stats.Welch(v.values, w.values, confidence)
}

// Table is the comparison for people.
func (d *Differences) Table() string {
	var b strings.Builder
	for _, s := range []struct {
		name string
		Side
	}{{"A", d.A}, {"B", d.B}} {
		fmt.Fprintf(&b, "%s: %s: %s, world %s, version %s, host %s, %d runs", s.name, s.Dir, s.Name, s.World, s.Version, s.Host, s.Runs)
		if s.Failed > 0 {
			fmt.Fprintf(&b, ", %d FAILED", s.Failed)
		}
		if builds := mixed(s.Builds); builds != "" {
			fmt.Fprintf(&b, ", of %d BUILDS of the program (%s)", len(s.Builds), builds)
		}
		b.WriteString("\n")
	}
	var rows [][]string
	for _, r := range d.Rows {
		how := "pairs"
		if !r.Paired {
			how = "Welch"
		}
		rows = append(rows, []string{axisTitle(r.Measure, r.Unit), r.name, fmt.Sprintf("%d %s", r.N, how), figure(r.Comparison.A), figure(r.Comparison.B),
			figure(r.Difference), interval(r.Low, r.High), probability(r.PHolm), figure(r.Effect), r.Verdict})
	}
	b.WriteString(render("B against A", []string{"measure", "combination", "n", "A", "B", "B - A", percent(d.Confidence) + " interval", "p (Holm)", "d", "verdict"}, 8, rows))
	for _, only := range []struct {
		side string
		keys []string
	}{{"A", d.OnlyA}, {"B", d.OnlyB}} {
		if len(only.keys) > 0 {
			fmt.Fprintf(&b, "Only in %s: %d measures of combinations, such as %s\n", only.side, len(only.keys), only.keys[0])
		}
	}
	return b.String()
}
