package experiment

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

// factors are a mapping from names to levels, or to a mapping with levels and more.
func (r *reader) factors(v spec.Value) {
	if v.Shape() != spec.Mapping {
		r.Report(v.At(), "Write factors: {loss: [0%, 5%]}.", "here belongs a mapping of factors, not %s", v.ShapeName())
		return
	}
	for _, field := range v.Fields() {
		f := Factor{Name: r.name(field.Key, "factor"), at: field.Key.At()}
		levels := field.Value
		if levels.Shape() == spec.Mapping {
			r.fields(field.Value, "levels set", func(key string, v spec.Value) {
				switch key {
				case "levels":
					levels = v
				case "set":
					f.Path = r.text(v)
				}
			}, "levels")
		}
		r.levels(&f, levels)
		r.e.Factors = append(r.e.Factors, f)
	}
}

func (r *reader) levels(f *Factor, v spec.Value) {
	items := v.Items()
	if v.Shape() != spec.List || len(items) == 0 || len(items) > maxLevels {
		r.Report(v.At(), "Write them as a list, such as [0%, 5%].", "a factor has 1 to %d levels", maxLevels)
		return
	}
	numeric := true
	for _, item := range items {
		l := r.level(f, item)
		if l.Name != "" && f.level(l.Name) != nil {
			r.Report(item.At(), "Keep one of them.", "the level %q is here twice", l.Name)
		}
		number, unit, ok := spec.Quantity(l.Name)
		numeric = numeric && ok && (len(f.Levels) == 0 || unit == f.Unit)
		l.Number, f.Unit = decimal(number), unit
		f.Levels = append(f.Levels, l)
	}
	if f.Numeric = numeric; !numeric {
		f.Unit = ""
	}
}

// decimal is a quantity as it was written: 7% is 0.07, not 7 times 0.01.
func decimal(x float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 15, 64), 64)
	if err != nil {
		return x
	}
	return v
}

// level is a single value, or a mapping with a name and what it sets.
func (r *reader) level(f *Factor, v spec.Value) Level {
	if v.Shape() != spec.Mapping {
		text := r.line(v)
		return Level{Name: text, Values: map[string]string{f.Name: text}, value: text}
	}
	l := Level{Values: make(map[string]string)}
	r.fields(v, "name value values", func(key string, v spec.Value) {
		switch key {
		case "name":
			l.Name = r.line(v)
		case "value":
			l.value = r.line(v)
			l.Values[f.Name] = l.value
		case "values":
			if v.Shape() != spec.Mapping {
				r.Report(v.At(), "Write values: {n: 20, degree: 3}.", "here belongs a mapping, not %s", v.ShapeName())
			}
			for _, one := range v.Fields() {
				l.Values[one.Key.Text()] = r.line(one.Value)
			}
		}
	}, "name")
	switch _, value := l.Values[f.Name]; {
	case len(l.Values) == 0:
		r.Report(v.At(), "Add value, or values.", "the level %q sets nothing", l.Name)
	case f.Path != "" && !value:
		r.Report(v.At(), "Add value.", "the level %q has no value for %s", l.Name, f.Path)
	}
	return l
}

// line is a value of one line: what takes more would move what stands behind it.
func (r *reader) line(v spec.Value) string {
	text := r.text(v)
	if strings.ContainsAny(text, "\r\n") {
		r.Report(v.At(), "Write it as {name: gossip, ...}.", "a level is one line")
	}
	return text
}

func (r *reader) measures(v spec.Value) {
	if v.Shape() != spec.Mapping || len(v.Fields()) == 0 {
		r.Report(v.At(), `Write measures: {delivered: "distinct(B) / sent(A)"}.`, "here belongs a mapping of measures, not %s", v.ShapeName())
		return
	}
	for _, f := range v.Fields() {
		m := Measure{Name: r.name(f.Key, "measure"), Text: f.Value.Text(), at: f.Value.At()}
		if f.Value.Shape() == spec.Mapping {
			r.fields(f.Value, "of about optional", func(key string, v spec.Value) {
				switch key {
				case "of":
					m.Text, m.at = r.text(v), v.At()
				case "about":
					m.About = r.text(v)
				case "optional":
					m.Optional = r.oneOf(v, "true", "false") == "true"
				}
			}, "of")
		} else {
			r.text(f.Value)
		}
		r.e.Measures = append(r.e.Measures, m)
	}
}

// ParseSeeds reads seeds such as "1..20" or "1..5, 9".
func ParseSeeds(text string) (seeds []uint64, err error) {
	seen := make(map[uint64]bool)
	for _, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "..")
		if !isRange {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 64)
		to, err2 := strconv.ParseUint(last, 10, 64)
		switch {
		case err1 != nil || err2 != nil || from > to:
			return nil, fmt.Errorf("%q is no seed and no range: write whole numbers such as 1..20 or 1, 2, 5", strings.TrimSpace(part))
		case to-from >= maxRuns:
			return nil, fmt.Errorf("%q is more than %d seeds", strings.TrimSpace(part), maxRuns)
		}
		for s := from; ; s++ {
			if seen[s] {
				return nil, fmt.Errorf("the seed %d is here twice", s)
			}
			seen[s] = true
			if seeds = append(seeds, s); s == to {
				break
			}
		}
	}
	return seeds, nil
}

func (r *reader) seeds(v spec.Value) []uint64 {
	text := v.Text()
	if v.Shape() == spec.List {
		var parts []string
		for _, item := range v.Items() {
			parts = append(parts, r.text(item))
		}
		text = strings.Join(parts, ",")
	}
	seeds, err := ParseSeeds(text)
	if err != nil {
		r.Report(v.At(), "", "%v", err)
	}
	return seeds
}

func (r *reader) confidence(v spec.Value) {
	c, unit, ok := spec.Quantity(r.text(v))
	if !ok || unit != "" || !(c >= 0.5 && c < 1) {
		r.Report(v.At(), "Write 95%.", "a confidence is a share from 50%% to below 100%%")
	}
	r.e.Confidence = c
}

// excludes are combinations that are not run: for each factor named, a level or some.
func (r *reader) excludes(v spec.Value) {
	if v.Shape() != spec.List {
		r.Report(v.At(), "Write exclude: [{loss: 0%, size: large}].", "here belongs a list, not %s", v.ShapeName())
		return
	}
	for _, item := range v.Items() {
		one := make(map[string][]string)
		for _, field := range item.Fields() {
			f := r.factorNamed(field.Key)
			levels := field.Items()
			if field.Shape() != spec.List {
				levels = []spec.Value{field.Value}
			}
			for _, l := range levels {
				text := r.text(l)
				if f != nil && f.level(text) == nil {
					r.Report(l.At(), spec.Suggest(text, f.names()), "the factor %q has no level %q", f.Name, text)
				}
				one[field.Key.Text()] = append(one[field.Key.Text()], text)
			}
		}
		if len(one) == 0 {
			r.Report(item.At(), "Write {loss: 0%, size: large}.", "this excludes nothing")
		}
		r.e.Exclude = append(r.e.Exclude, one)
	}
}

func (r *reader) charts(v spec.Value) {
	r.fields(v, "x lines", func(key string, v spec.Value) {
		f := r.factorNamed(v)
		switch {
		case f == nil:
		case key == "x":
			r.e.Charts.X = f.Name
		default:
			r.e.Charts.Lines = f.Name
		}
	})
	if c := r.e.Charts; c.X != "" && c.X == c.Lines {
		r.Report(v.At(), "", "one factor cannot be the axis and the lines")
	}
}

func (r *reader) factorNamed(v spec.Value) *Factor {
	f := r.e.factor(v.Text())
	if f == nil {
		var known []string
		for _, f := range r.e.Factors {
			known = append(known, f.Name)
		}
		r.Report(v.At(), spec.Suggest(v.Text(), known), "there is no factor %q", v.Text())
	}
	return f
}

func (f *Factor) names() (names []string) {
	for _, l := range f.Levels {
		names = append(names, l.Name)
	}
	return names
}
