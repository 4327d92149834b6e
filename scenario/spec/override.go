package spec

import (
	"slices"
	"strconv"
	"strings"
)

// Override replaces a value of a scenario before it is read, so that one file stands for many
// experiments.
type Override struct {
	// Path leads to the value: keys, and the places of list items from 0 or the names that
	// they have, with dots between: "links.0.loss", "applications.stream.rate". The last
	// key may be one that is not there yet.
	Path  string
	Value string // as it would stand in the file, such as "5%" or "{name: gossip}"
}

// override replaces a value of the tree. What is new has the place of what it replaces.
func (r *reporter) override(root *tree, s Override) {
	own := newReporter("the value for "+s.Path, []byte(s.Value))
	v := parseTree(own, []byte(s.Value))
	if v == nil || len(own.found) > 0 {
		r.report(root.at, "", "%q cannot be set to %q: %v", s.Path, s.Value, own.err())
		return
	}
	at, keys := root, strings.Split(s.Path, ".")
	for i, key := range keys {
		here := strings.Join(keys[:i], ".")
		k := at.find(key)
		switch {
		case at.shape != shapeMap && at.shape != shapeList:
			r.report(at.at, "Write it as a mapping in the scenario, so that it can have "+key+".", "%q cannot be set: %s is %v", s.Path, here, at.shape)
			return
		case k < 0 && (at.shape == shapeList || i < len(keys)-1):
			r.report(at.at, suggest(key, at.names()), "%q cannot be set: there is no %q", s.Path, key)
			return
		case k < 0:
			v.moveTo(at.at)
			at.keys = append(at.keys, &tree{shape: shapeText, at: at.at, text: key})
			at.items = append(at.items, v)
			return
		case i == len(keys)-1:
			v.moveTo(at.items[k].at)
			at.items[k] = v
			return
		}
		at = at.items[k]
	}
}

// find is the place of a key, or of an item by its place or name; -1 if there is none.
func (t *tree) find(key string) int {
	if t.shape == shapeMap {
		return slices.IndexFunc(t.keys, func(k *tree) bool { return k.text == key })
	}
	if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < len(t.items) {
		return n
	}
	return slices.Index(t.names(), key)
}

// names are the keys of a mapping, or the names of the items of a list.
func (t *tree) names() (names []string) {
	for _, k := range t.keys {
		names = append(names, k.text)
	}
	for _, item := range t.items {
		if t.shape != shapeList {
			break
		}
		name := ""
		if i := slices.IndexFunc(item.keys, func(k *tree) bool { return k.text == "name" || k.text == "names" }); i >= 0 {
			name = item.items[i].text
		}
		names = append(names, name)
	}
	return names
}

func (t *tree) moveTo(at Span) {
	t.at = at
	for _, k := range t.keys {
		k.moveTo(at)
	}
	for _, item := range t.items {
		item.moveTo(at)
	}
}
