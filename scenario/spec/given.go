package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// GivenParams are the values of an algorithm's parameters, of which some are given outside of a scenario, as on a
// command line, in the words of scenarios: "50%", "500ms". The others have their defaults. The error says all that is
// wrong with name and values, and what to do about it.
func GivenParams(known Algorithms, name string, given map[string]string) (Params, error) {
	r := newReporter("", nil)
	d := &decoder{reporter: r, algorithms: known}
	v := Algorithm{Name: name}
	text := func(s string) *tree { return &tree{shape: shapeText, text: s} }
	v.name(d, text(name))
	values := &tree{shape: shapeMap}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		values.keys, values.items = append(values.keys, text(key)), append(values.items, text(given[key]))
	}
	if _, ok := given["name"]; ok { // which stands among the parameters in a scenario, and is none
		r.report(Span{}, "", "the algorithm %q has no parameter %q", name, "name")
	}
	v.fill(d, values)
	if len(r.found) == 0 {
		return v.Params, nil
	}
	var words []string
	for _, p := range r.found {
		words = append(words, strings.TrimSpace(fmt.Sprintf("%s. %s", p.What, p.Do)))
	}
	return nil, errors.New(strings.TrimSuffix(strings.Join(words, " "), "."))
}
