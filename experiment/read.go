package experiment

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// Load reads an experiment: its YAML file, or the experiment.json of a result. Mistakes
// are a spec.Problems; any other error means that a file could not be read. The scenario
// is read, but not checked: see Check.
func Load(path string) (*Experiment, error) {
	fs, err := openFiles(path)
	if err != nil {
		return nil, err
	}
	e, err := read(fs)
	if err == nil && fs.bundle != nil {
		e.World, e.Seeds = fs.world, fs.seeds // as it was run: flags may have changed the file's
	}
	return e, err
}

func read(fs *files) (*Experiment, error) {
	src, err := fs.open(fs.main)
	if err != nil {
		return nil, fmt.Errorf("read the experiment: %w", err)
	}
	doc, root, ok := spec.ReadDocument(fs.shown(fs.main), src)
	e := &Experiment{World: "sim", Confidence: 0.95, files: fs, doc: doc}
	if !ok {
		return nil, doc.Err()
	}
	r := &reader{Document: doc, e: e}
	r.fields(root, "name about world scenario factors seeds exclude measures confidence charts", func(key string, v spec.Value) {
		switch key {
		case "name":
			e.Name = r.text(v)
		case "about":
			e.About = r.text(v)
		case "world":
			e.World = r.oneOf(v, world.Names...)
		case "scenario":
			r.scenario(v)
		case "factors":
			r.factors(v)
		case "seeds":
			e.Seeds = r.seeds(v)
		case "measures":
			r.measures(v)
		case "confidence":
			r.confidence(v)
		}
	}, "name", "scenario", "seeds", "measures")
	for _, f := range root.Fields() { // these name factors, wherever those stand
		switch f.Key.Text() {
		case "exclude":
			r.excludes(f.Value)
		case "charts":
			r.charts(f.Value)
		}
	}
	if doc.Err() == nil {
		r.variables()
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return e, nil
}

// reader turns the values of a file into an experiment.
type reader struct {
	*spec.Document
	beside *spec.Document // the scenario's own file, if it has one
	e      *Experiment
}

// err is what is wrong with both files, or nil.
func (r *reader) err() error {
	var all spec.Problems
	for _, d := range []*spec.Document{r.beside, r.Document} {
		var some spec.Problems
		if d != nil && errors.As(d.Err(), &some) {
			all = append(all, some...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// fields calls fn for each key of a mapping that is among the known ones.
func (r *reader) fields(v spec.Value, known string, fn func(key string, v spec.Value), required ...string) {
	if v.Shape() != spec.Mapping {
		r.Report(v.At(), "", "here belongs a mapping of keys to values, not %s", v.ShapeName())
		return
	}
	keys, seen := strings.Fields(known), make(map[string]bool)
	for _, f := range v.Fields() {
		key := f.Key.Text()
		switch {
		case !slices.Contains(keys, key):
			r.Report(f.Key.At(), spec.Suggest(key, keys), "unknown key %q", key)
		case seen[key]:
			r.Report(f.Key.At(), "Keep one of them.", "the key %q is here twice", key)
		default:
			fn(key, f.Value)
		}
		seen[key] = true
	}
	for _, key := range required {
		if !seen[key] {
			r.Report(v.At(), "Add "+key+".", "the key %q is missing here", key)
		}
	}
}

func (r *reader) text(v spec.Value) string {
	if v.Shape() != spec.Single {
		r.Report(v.At(), "", "here belongs a single value, not %s", v.ShapeName())
		return ""
	}
	return v.Text()
}

func (r *reader) oneOf(v spec.Value, allowed ...string) string {
	text := r.text(v)
	if text != "" && !slices.Contains(allowed, text) {
		r.Report(v.At(), spec.Suggest(text, allowed), "%q is not allowed here", text)
	}
	return text
}

// word is what factors, variables and measures may be called: a column of any tool.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

func (r *reader) name(v spec.Value, what string) string {
	name := v.Text()
	switch {
	case !word.MatchString(name):
		r.Report(v.At(), "Use letters, digits and _, a letter first.", "%q cannot name a %s", name, what)
	case slices.Contains(reserved, name):
		r.Report(v.At(), "Use another name.", "%q is a column of the results already", name)
	case r.e.factor(name) != nil || slices.ContainsFunc(r.e.Measures, func(m Measure) bool { return m.Name == name }):
		r.Report(v.At(), "Use another name.", "something is called %q already", name)
	}
	return name
}
