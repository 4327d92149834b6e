// Package recordtest draws updates at random, for tests of whatever takes them.
package recordtest

import (
	"encoding/json"
	"maps"
	"slices"

	"pgregory.net/rapid"
)

var texts = rapid.SampledFrom([]string{"", "a", "n3", "Zürich", "<b>&\"\\\n", "a\x00b", "\u2028", "10.0.0.3:7000"})

var numbers = rapid.OneOf(rapid.SampledFrom([]any{0, 1, -1, 0.5, 1e21, 1e-7, 120000, 1.7976931348623157e308}), rapid.Map(rapid.Float64(), func(f float64) any { return f + 0 })) // never -0, which is a 0 here

// anything is a JSON value of bounded depth.
func anything(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 5+min(depth, 2)).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return numbers.Draw(t, "number")
		case 2:
			return texts.Draw(t, "text")
		case 3:
			return rapid.Bool().Draw(t, "bool")
		case 4:
			return []any{}
		case 5:
			return map[string]any{}
		case 6:
			return rapid.SliceOfN(anything(depth-1), 0, 3).Draw(t, "list")
		default:
			return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), anything(depth-1), 0, 3).Draw(t, "object")
		}
	})
}

// Patch draws some of the members, each null now and then.
func Patch(t *rapid.T, members map[string]*rapid.Generator[any]) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch rapid.IntRange(0, 4).Draw(t, name) {
		case 0:
			out[name] = nil
		case 1, 2:
			out[name] = members[name].Draw(t, name)
		}
	}
	return out
}

func object(members map[string]*rapid.Generator[any]) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any { return Patch(t, members) })
}

var (
	anyText = rapid.Map(texts, func(s string) any { return s })
	anyBool = rapid.Map(rapid.Bool(), func(b bool) any { return b })
	pair    = rapid.Custom(func(t *rapid.T) any { return []any{numbers.Draw(t, "a"), numbers.Draw(t, "b")} })
	queued  = object(map[string]*rapid.Generator[any]{"msgs": numbers, "bytes": numbers})
	nodeApp = object(map[string]*rapid.Generator[any]{"source": anyBool, "joined": anyBool, "weight": numbers, "in": numbers, "out": numbers, "delivered": numbers, "bytes": numbers, "from": numbers})
	linkApp = object(map[string]*rapid.Generator[any]{"rate": numbers, "queued": numbers})
	// NodeFacts are what a node may say, and LinkFacts a link.
	NodeFacts = map[string]*rapid.Generator[any]{
		"id": anyText, "name": anyText, "group": anyText, "algorithm": anyText, "up": anyBool, "since": numbers, "in": numbers, "out": numbers, "held": numbers,
		"place":   object(map[string]*rapid.Generator[any]{"lat": numbers, "lon": numbers, "label": anyText}),
		"caps":    object(map[string]*rapid.Generator[any]{"total": numbers, "up": numbers, "down": numbers}),
		"lost":    object(map[string]*rapid.Generator[any]{"out": pair, "in": pair}),
		"queued":  queued,
		"process": object(map[string]*rapid.Generator[any]{"pid": numbers, "host": anyText, "cpu": numbers, "rss": numbers, "fds": numbers, "goroutines": numbers}),
		"apps":    object(map[string]*rapid.Generator[any]{"1": nodeApp, "2": nodeApp, "4000000000": nodeApp}),
		"metrics": object(map[string]*rapid.Generator[any]{"lookups": numbers, "a.b": numbers, "": numbers}),
		"extra":   anything(3),
	}
	// LinkFacts are those of a link.
	LinkFacts = map[string]*rapid.Generator[any]{
		"up": anyBool, "rate": numbers, "cap": numbers, "rtt": numbers, "latency": numbers, "jitter": numbers, "loss": numbers, "lost": pair, "queued": queued, "blocked": anyBool,
		"apps": object(map[string]*rapid.Generator[any]{"1": linkApp, "7": linkApp}),
	}
)

// Update is a patch as JSON, of a small world so that the same things change again and again.
func Update(t *rapid.T, at float64) []byte {
	u := map[string]any{"t": at}
	if rapid.IntRange(0, 9).Draw(t, "full") == 0 {
		u["full"] = true
	}
	var nodes, links, states []any
	for range rapid.IntRange(0, 3).Draw(t, "nodes") {
		n := Patch(t, NodeFacts)
		if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
			n = map[string]any{"gone": true}
		}
		n["i"] = rapid.IntRange(0, 3).Draw(t, "i")
		nodes = append(nodes, n)
	}
	for range rapid.IntRange(0, 3).Draw(t, "links") {
		l := Patch(t, LinkFacts)
		if rapid.IntRange(0, 5).Draw(t, "gone") == 0 {
			l = map[string]any{"gone": true}
		}
		l["f"], l["t"] = rapid.IntRange(0, 2).Draw(t, "f"), rapid.IntRange(0, 2).Draw(t, "t")
		links = append(links, l)
	}
	for range rapid.IntRange(0, 2).Draw(t, "states") {
		s := map[string]any{"t": at, "node": rapid.IntRange(0, 3).Draw(t, "node"), "name": texts.Draw(t, "name"), "value": rapid.OneOf(numbers, anyText, rapid.Just[any](nil)).Draw(t, "value")}
		if rapid.Bool().Draw(t, "of") {
			s["of"] = numbers.Draw(t, "total")
		}
		states = append(states, s)
	}
	u["nodes"], u["links"], u["states"] = nodes, links, states
	text, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
