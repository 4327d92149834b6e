package experiment

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A scenario with variables: ${name} stands for what a level says. It is replaced in the
// text, before anything else is read, so that it can stand anywhere: in a rate, in a
// range of nodes, as a whole algorithm. $${name} is the text ${name}.

// scenarioText is the text of a scenario.
type scenarioText struct {
	file string // as it is opened: the experiment's own if the scenario is in it
	text string
}

var variable = regexp.MustCompile(`\$?\$\{[^}\n]*\}`)

// expand replaces the variables of a text that there are. Others stay: variables has
// reported them.
func expand(text string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		if v, ok := values[found[2:len(found)-1]]; ok {
			return v
		}
		return found
	})
}

// scenario reads where the scenario is: a file beside this one, or its text.
func (r *reader) scenario(v spec.Value) {
	text := r.text(v)
	if v.Shape() != spec.Single {
		return
	}
	if !strings.Contains(text, "\n") {
		src, err := r.e.files.open(text)
		if err != nil {
			r.Report(v.At(), "Name a file beside the experiment, or write the scenario below \"scenario: |\".", "the scenario cannot be read: %v", err)
			return
		}
		r.e.scenario = scenarioText{text, string(src)}
		return
	}
	r.e.scenario = scenarioText{r.e.files.main, r.inline(v.At().Line)}
}

// inline is the text below a line, as far as it is indented, behind as many empty lines
// as it has above it: so what is wrong with it has its place in this file.
func (r *reader) inline(below int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat("\n", below))
	indent := -1
	for n := below + 1; ; n++ {
		line, ok := r.Line(n)
		trimmed := strings.TrimLeft(line, " ")
		if indent < 0 && trimmed != "" {
			indent = len(line) - len(trimmed)
		}
		if !ok || trimmed != "" && len(line)-len(trimmed) < indent {
			return b.String()
		}
		b.WriteString(line + "\n")
	}
}

// variables holds those of the scenario and of the measures against the levels: each
// must be set by every combination, and by one factor only.
func (r *reader) variables() {
	e, set := r.e, make(map[string]string)
	for i := range e.Factors {
		f := &e.Factors[i]
		e.sets = e.sets || f.Path != ""
		all := slices.Sorted(maps.Keys(f.Levels[0].Values))
		for _, l := range f.Levels {
			if names := slices.Sorted(maps.Keys(l.Values)); !slices.Equal(names, all) {
				r.Report(f.at, "", "every level of %q must set the same: %q sets %v, and %q %v", f.Name, f.Levels[0].Name, all, l.Name, names)
			}
		}
		for _, name := range all {
			if by, twice := set[name]; twice {
				r.Report(f.at, "", "%q is set by the factor %q already", name, by)
			}
			set[name] = f.Name
		}
	}
	used := make(map[string]bool)
	scenario := e.scenario
	doc := r.Document
	if scenario.file != e.files.main {
		doc = spec.NewDocument(e.files.shown(scenario.file), []byte(scenario.text))
		r.beside = doc
	}
	look := func(doc *spec.Document, at spec.Span, text string) {
		for _, place := range variable.FindAllStringIndex(text, -1) {
			found := text[place[0]:place[1]]
			if strings.HasPrefix(found, "$$") {
				continue
			}
			name := found[2 : len(found)-1]
			if used[name] = true; set[name] == "" {
				here := spec.Span{Line: at.Line, Col: at.Col + utf8.RuneCountInString(text[:place[0]]), Len: len(found)}
				doc.Report(here, spec.Suggest(name, slices.Sorted(maps.Keys(set))), "no factor sets ${%s}", name)
			}
		}
	}
	for n, line := range strings.Split(scenario.text, "\n") {
		look(doc, spec.Span{Line: n + 1, Col: 1}, line)
	}
	for _, m := range e.Measures {
		look(r.Document, m.at, m.Text)
	}
	for i := range e.Factors {
		f := &e.Factors[i]
		for _, name := range slices.Sorted(maps.Keys(f.Levels[0].Values)) {
			if !used[name] && (f.Path == "" || name != f.Name) {
				r.Report(f.at, "Write ${"+name+"} where it belongs, or give the factor a path: {set: default-link.loss, levels: [...]}.",
					"the scenario and the measures have no ${%s}", name)
			}
		}
	}
}
