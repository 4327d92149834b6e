package experiment

import (
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

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
