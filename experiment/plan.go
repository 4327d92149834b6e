package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// task is one run: a cell with a seed.
type task struct {
	cell  Cell
	place int // of the cell
	seed  uint64
	key   string
}

// planned is a task that can be run.
type planned struct {
	plan     *scenario.Plan
	formulas []*spec.Formula // beside the measures
	files    []string        // that the scenario names, in order
}

// overrides are the values that factors with a path set, in the order of the factors.
func (c Cell) overrides() (all []spec.Override) {
	for i, f := range c.e.Factors {
		if f.Path != "" {
			all = append(all, spec.Override{Path: f.Path, Value: f.Levels[c.levels[i]].value})
		}
	}
	return all
}

// plan reads the scenario of a cell.
func (c Cell) plan(seed uint64, r *scenario.Registry) (*planned, error) {
	e := c.e
	values := c.values()
	named := make(map[string]bool)
	open := func(name string) ([]byte, error) {
		named[name] = true
		return e.files.open(name)
	}
	plan, err := spec.Parse(e.files.shown(e.scenario.file), []byte(expand(e.scenario.text, values)),
		spec.Options{Algorithms: r, Seed: &seed, Open: open, Override: c.overrides()})
	if err != nil {
		return nil, c.explain(err)
	}
	p := &planned{plan: plan, files: slices.Sorted(maps.Keys(named))}
	for _, m := range e.Measures {
		f, err := plan.Formula(expand(m.Text, values))
		if err != nil {
			return nil, c.explain(e.placed(m, values, err))
		}
		p.formulas = append(p.formulas, f)
		plan.Moments = append(plan.Moments, f.Edges()...)
		plan.Record.Deliveries = plan.Record.Deliveries || f.Follows()
	}
	return p, nil
}

// explain says of which combination a mistake is.
func (c Cell) explain(err error) error {
	var ps spec.Problems
	if len(c.e.Factors) == 0 || !errors.As(err, &ps) {
		return err
	}
	out := make(spec.Problems, len(ps))
	for i, p := range ps {
		q := *p
		q.What += fmt.Sprintf(" (with %v)", c)
		out[i] = &q
	}
	return out
}

// placed gives the mistakes in a formula their place in the file.
func (e *Experiment) placed(m Measure, values map[string]string, err error) error {
	var ps spec.Problems
	if !errors.As(err, &ps) {
		return err
	}
	text := expand(m.Text, values)
	doc := e.doc
	for _, p := range ps {
		at := spec.Span{Line: m.at.Line, Col: m.at.Col + p.Col - 1, Len: p.Len}
		what := fmt.Sprintf("the measure %q: %s", m.Name, p.What)
		if text != m.Text { // columns are of the text that the variables make
			at.Col, at.Len = m.at.Col, utf8.RuneCountInString(m.Text)
			what += fmt.Sprintf(", in %q", text)
		}
		line, _ := doc.Line(at.Line)
		p.File, p.Span, p.What, p.Source = e.files.shown(e.files.main), at, what, line
	}
	return ps
}

// Check reads the scenario of every combination, with the first seed. It returns how many
// runs the experiment has. Mistakes are a spec.Problems: those of the first combination
// that has any.
func (e *Experiment) Check(r *scenario.Registry) (runs int, err error) {
	if n := e.count(maxRuns); n > maxRuns || n*len(e.Seeds) > maxRuns {
		return 0, fmt.Errorf("the experiment has more than %d runs: leave levels or seeds out", maxRuns)
	}
	cells := e.Cells()
	if len(cells) == 0 {
		return 0, errors.New("the experiment excludes every combination that it has")
	}
	uses := make([][]string, len(cells))
	for i, c := range cells {
		p, err := c.plan(e.Seeds[0], r)
		if err != nil {
			return 0, err
		}
		uses[i] = p.files
	}
	e.uses = uses
	return len(cells) * len(e.Seeds), nil
}

// tasks are all runs, seed by seed: when half of them are done, every combination has
// half of its seeds. Check must have read every scenario, for the files that they name.
func (e *Experiment) tasks() (all []task) {
	cells := e.Cells()
	read := e.beside()
	beside := func(i int) []BundledFile {
		if i >= len(e.uses) {
			return read
		}
		return slices.DeleteFunc(slices.Clone(read), func(f BundledFile) bool { return !slices.Contains(e.uses[i], f.Name) })
	}
	for _, seed := range e.Seeds {
		for i, c := range cells {
			all = append(all, task{c, i, seed, c.key(seed, beside(i))})
		}
	}
	return all
}

// beside are the files that scenarios name, by their names.
func (e *Experiment) beside() []BundledFile {
	return slices.DeleteFunc(e.files.all(), func(f BundledFile) bool { return f.Name == e.files.main || f.Name == e.scenario.file })
}

// key is the same for runs that are the same: of one scenario, with one seed, in one
// world, measured in the same way.
func (c Cell) key(seed uint64, beside []BundledFile) string {
	values := c.values()
	id := struct {
		World     string
		Levels    map[string]string
		Seed      uint64
		Scenario  string
		Overrides []spec.Override
		Measures  [][2]string
		Files     []string
	}{c.e.World, c.Levels(), seed, expand(c.e.scenario.text, values), c.overrides(), nil, nil}
	if c.e.scenario.file == c.e.files.main { // where it stands in the file does not matter
		id.Scenario = string(bytes.TrimLeft([]byte(id.Scenario), "\n"))
	}
	for _, m := range c.e.Measures {
		id.Measures = append(id.Measures, [2]string{m.Name, expand(m.Text, values)})
	}
	for _, f := range beside {
		id.Files = append(id.Files, f.Name, f.SHA256)
	}
	b, err := json.Marshal(id) // maps in order of their keys
	if err != nil {
		panic(fmt.Sprintf("experiment: a key cannot be written: %v", err))
	}
	return hashOf(b)[:24]
}
