package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Cell is one combination of levels, by their places in the factors.
type Cell struct {
	e      *Experiment
	levels []int
}

// Cells are all combinations but the excluded, the last factor changing first.
func (e *Experiment) Cells() (cells []Cell) {
	levels := make([]int, len(e.Factors))
	for {
		c := Cell{e, slices.Clone(levels)}
		if !slices.ContainsFunc(e.Exclude, c.matches) {
			cells = append(cells, c)
		}
		i := len(levels) - 1
		for ; i >= 0; i-- {
			if levels[i]++; levels[i] < len(e.Factors[i].Levels) {
				break
			}
			levels[i] = 0
		}
		if i < 0 {
			return cells
		}
	}
}

// count is how many combinations there are, excluded ones too, as far as limit.
func (e *Experiment) count(limit int) int {
	n := 1
	for _, f := range e.Factors {
		if n *= len(f.Levels); n > limit {
			break
		}
	}
	return n
}

// matches reports whether the cell has one of the levels that are named of each factor.
func (c Cell) matches(of map[string][]string) bool {
	for name, levels := range of {
		if !slices.Contains(levels, c.Level(name)) {
			return false
		}
	}
	return true
}

// Level is the name of the cell's level of a factor, "" if there is no such factor.
func (c Cell) Level(factor string) string {
	for i, f := range c.e.Factors {
		if f.Name == factor {
			return f.Levels[c.levels[i]].Name
		}
	}
	return ""
}

// Levels are the names of all levels, by factor.
func (c Cell) Levels() map[string]string {
	m := make(map[string]string, len(c.levels))
	for i, f := range c.e.Factors {
		m[f.Name] = f.Levels[c.levels[i]].Name
	}
	return m
}

// String names the cell: "loss = 5%, size = small".
func (c Cell) String() string {
	var parts []string
	for i, f := range c.e.Factors {
		parts = append(parts, fmt.Sprintf("%s = %s", f.Name, f.Levels[c.levels[i]].Name))
	}
	if len(parts) == 0 {
		return "the scenario"
	}
	return strings.Join(parts, ", ")
}

// values are what stands for each variable.
func (c Cell) values() map[string]string {
	m := make(map[string]string)
	for i, f := range c.e.Factors {
		maps.Copy(m, f.Levels[c.levels[i]].Values)
	}
	return m
}
