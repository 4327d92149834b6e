package experiment

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

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
