package experiment

import (
	"slices"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Experiment is an experiment as its file says it.
type Experiment struct {
	Name, About string
	World       string // sim, live or proc
	Factors     []Factor
	Seeds       []uint64 // in order, each once
	Exclude     []map[string][]string
	Measures    []Measure
	Confidence  float64 // of all intervals, such as 0.95
	Charts      Charts

	files    *files
	doc      *spec.Document
	scenario scenarioText
	sets     bool // some factor has a path, so that variables alone do not say all
	// uses are the files that the scenario of each cell names, which are part of what its runs are known by. nil, of an
	// experiment that was not checked or is of an early result: all of them.
	uses [][]string
}

// Factor is something that is varied.
type Factor struct {
	Name   string
	Path   string // of the value of the scenario that it replaces; "" means ${Name}
	Levels []Level
	// Numeric says that all levels are quantities of one kind, in Unit: bytes, seconds,
	// their powers, or "" for plain numbers and shares.
	Numeric bool
	Unit    string

	at spec.Span
}

// Level is one setting of a factor.
type Level struct {
	Name   string            // as results call it: the text, unless the file names it
	Values map[string]string // what stands for each ${name}
	Number float64           // if the factor is numeric

	value string // for the factor's path
}

// Measure is a number that a run comes to, or one for each node or link.
type Measure struct {
	Name, Text, About string
	// Optional says that it may have no value in any run, which is a failure of the experiment otherwise.
	Optional bool

	at spec.Span
}

// Charts says which factors make the axis and the lines of the charts; "" leaves that to
// the order of the file.
type Charts struct{ X, Lines string }

// factor finds one by its name; nil if there is none.
func (e *Experiment) factor(name string) *Factor {
	i := slices.IndexFunc(e.Factors, func(f Factor) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &e.Factors[i]
}

// level finds one by its name; nil if there is none.
func (f *Factor) level(name string) *Level {
	i := slices.IndexFunc(f.Levels, func(l Level) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &f.Levels[i]
}

// Limits of an experiment: more is a mistake in the file rather than something that
// anybody waits for.
const (
	maxLevels = 1000
	maxRuns   = 1_000_000
)

// reserved are the columns that tables have besides factors and measures.
var reserved = []string{"key", "build", "builds", "seed", "world", "status", "error", "wall_s", "measure", "of", "value", "unit", "factor", "given",
	"runs", "failed", "missing", "count", "mean", "sd", "mean_low", "mean_high", "median", "median_low", "median_high", "min", "max"}
