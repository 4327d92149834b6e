package record_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recordtest"
)

// The oracle keeps how things stand as plain JSON objects and applies patches to them as RFC 7396 says, word for word.
type oracle struct {
	nodes, links, states map[string]map[string]any
	t                    float64
}

// rfc7396 is the pseudo code of section 2.
func rfc7396(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = map[string]any{}
	}
	out := map[string]any{}
	for k, v := range t {
		out[k] = v
	}
	for k, v := range p {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = rfc7396(out[k], v)
		}
	}
	return out
}

func (o *oracle) apply(t *rapid.T, text []byte) {
	var u struct {
		T      float64
		Full   bool
		Nodes  []map[string]any
		Links  []map[string]any
		States []map[string]any
	}
	if err := json.Unmarshal(text, &u); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if u.Full || o.nodes == nil {
		o.nodes, o.links, o.states = map[string]map[string]any{}, map[string]map[string]any{}, map[string]map[string]any{}
	}
	o.t = u.T
	put := func(into map[string]map[string]any, key string, patch map[string]any) {
		if patch["gone"] == true {
			delete(into, key)
			return
		}
		merged, _ := rfc7396(into[key], patch).(map[string]any)
		into[key] = merged
	}
	for _, n := range u.Nodes {
		put(o.nodes, fmt.Sprintf("%09v", n["i"]), n)
	}
	for _, l := range u.Links {
		put(o.links, fmt.Sprintf("%09v %09v", l["f"], l["t"]), l)
	}
	for _, s := range u.States {
		key := fmt.Sprintf("%09v %v", s["node"], s["name"])
		if o.states[key] = s; s["value"] == nil {
			delete(o.states, key)
		}
	}
}

// snapshot is what the model must say, without objects that have no members: they are the same as none.
func (o *oracle) snapshot() map[string]any {
	out := map[string]any{"t": o.t, "full": true}
	for name, of := range map[string]map[string]map[string]any{"nodes": o.nodes, "links": o.links, "states": o.states} {
		var list []any
		for _, key := range sortedKeys(of) {
			list = append(list, pruned(of[key]))
		}
		if list != nil {
			out[name] = list
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// pruned leaves out empty objects of the vocabulary; what algorithms say (extra) and applications that are there with
// nothing to say stay.
func pruned(of map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range of {
		if inner, ok := v.(map[string]any); ok && k != "extra" && len(inner) == 0 {
			continue
		}
		out[k] = v
	}
	return out
}

func TestModelDoesWhatRFC7396Says(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m record.Model
		var o oracle
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			text := recordtest.Update(t, float64(step)/8)
			o.apply(t, text)
			var u record.Update
			if err := json.Unmarshal(text, &u); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if err := m.Apply(&u); err != nil {
				t.Fatal(err)
			}
			got := m.Snapshot()
			same(t, got.AppendJSON(nil), o.snapshot())
		}
	})
}

// same compares texts by what they say.
func same(t *rapid.T, got []byte, want any) {
	wanted, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := canonical(t, got), canonical(t, wanted); a != b {
		t.Fatalf("the model says\n%s\nand should say\n%s", a, b)
	}
}

func canonical(t *rapid.T, text []byte) string {
	d := json.NewDecoder(bytes.NewReader(text))
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What is between two states is a patch: applied to one it gives the other, as an object and as JSON that was sent.
func TestDiffIsWhatMakesOneStateTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func() (record.Node, record.Link) {
			var m record.Model
			for range 2 {
				n, l := recordtest.Patch(t, recordtest.NodeFacts), recordtest.Patch(t, recordtest.LinkFacts)
				n["i"], l["f"], l["t"] = 0, 1, 2
				text, _ := json.Marshal(map[string]any{"t": 0, "nodes": []any{n}, "links": []any{l}})
				var u record.Update
				if err := json.Unmarshal(text, &u); err != nil {
					t.Fatal(err)
				}
				if err := m.Apply(&u); err != nil {
					t.Fatal(err)
				}
			}
			n, _ := m.Node(0)
			l, _ := m.Link(1, 2)
			return n, l
		}
		nodeA, linkA := draw()
		nodeB, linkB := draw()
		nodePatch, nodeChanged := record.DiffNode(&nodeA, &nodeB)
		linkPatch, linkChanged := record.DiffLink(&linkA, &linkB)
		if a, b := string(nodeA.AppendJSON(nil)), string(nodeB.AppendJSON(nil)); nodeChanged != (a != b) {
			t.Fatalf("changed %v, between %s and %s", nodeChanged, a, b)
		}
		if a, b := string(linkA.AppendJSON(nil)), string(linkB.AppendJSON(nil)); linkChanged != (a != b) {
			t.Fatalf("changed %v, between %s and %s", linkChanged, a, b)
		}
		sent, err := json.Marshal(record.Update{Nodes: []record.Node{nodePatch}, Links: []record.Link{linkPatch}})
		if err != nil {
			t.Fatal(err)
		}
		var got record.Update
		if err := json.Unmarshal(sent, &got); err != nil {
			t.Fatalf("%s: %v", sent, err)
		}
		var m record.Model
		for _, u := range []record.Update{{Nodes: []record.Node{nodeA}, Links: []record.Link{linkA}}, got} {
			if err := m.Apply(&u); err != nil {
				t.Fatal(err)
			}
		}
		n, _ := m.Node(0)
		l, _ := m.Link(1, 2)
		if a, b := string(n.AppendJSON(nil)), string(nodeB.AppendJSON(nil)); a != b {
			t.Fatalf("%s and its patch give\n%s and not\n%s", nodeA.AppendJSON(nil), a, b)
		}
		if a, b := string(l.AppendJSON(nil)), string(linkB.AppendJSON(nil)); a != b {
			t.Fatalf("the link and its patch give\n%s and not\n%s", a, b)
		}
	})
}

func TestUpdateOutlivesJSON(t *testing.T) {
	t.Parallel()
	const text = `{"t":12.5,"nodes":[{"i":3,"id":"10.0.0.3:7000","place":{"lat":52.5,"lon":13.4},"lost":{"out":[1,24]},"apps":{"1":{"in":5},"2":null},"metrics":{"lookups":17}}],` +
		`"links":[{"f":3,"t":5,"gone":true}],"events":[{"t":12.000000001,"kind":"told","node":0,"peer":5,"app":1,"text":"link down"}],"states":[{"t":12.5,"node":3,"name":"chunks","value":3,"of":16}]}`
	var u record.Update
	if err := json.Unmarshal([]byte(text), &u); err != nil {
		t.Fatal(err)
	}
	if got := string(u.AppendJSON(nil)); got != text {
		t.Fatalf("%s\nbecame\n%s", text, got)
	}
}

func TestWrongJSONIsSaidToBe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"nodes":[{"id":"x"}]}`:                             `without "i"`,
		`{"nodes":[{"i":4000000}]}`:                          "not an index",
		`{"nodes":[{"i":1,"caps":{"up":"x"}}]}`:              "node 1, caps.up",
		`{"nodes":[{"i":1,"lost":{"in":[1]}}]}`:              "not two numbers",
		`{"nodes":[{"i":1,"apps":{"x":{}}}]}`:                "no application's number",
		`{"links":[{"f":1,"t":2,"apps":{"1":{"rate":""}}}]}`: "link 1-2, apps.1, rate",
		`{"events":[{"node":-1}]}`:                           "not an index",
		`{"t":"x"}`:                                          "number of seconds",
	} {
		var u record.Update
		if err := json.Unmarshal([]byte(text), &u); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}
