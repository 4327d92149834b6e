package record_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recordtest"
)

// What a patch says, taken apart path by path and put together again by the names of the paths, is the patch.
func TestPathsSayAllThatThereIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := recordtest.Update(t, 1)
		var u, back record.Update
		if err := json.Unmarshal(text, &u); err != nil {
			t.Fatal(err)
		}
		again := func(ofLink bool, p record.Path, v record.Value) record.Path {
			q, ok := record.ParsePath(ofLink, p.String())
			if !ok || q != p || p.Compare(q) != 0 {
				t.Fatalf("path %q became %q, %v", p, q, ok)
			}
			if v.Kind != record.NoValue && v.Kind != p.Kind() {
				t.Fatalf("%s is of kind %d and has a value of kind %d", p, p.Kind(), v.Kind)
			}
			return q
		}
		for i := range u.Nodes {
			n := record.Node{I: u.Nodes[i].I}
			u.Nodes[i].Each(func(p record.Path, v record.Value) {
				if !n.Put(again(false, p, v), v) {
					t.Fatalf("%s does not take %+v", p, v)
				}
			})
			back.Nodes = append(back.Nodes, n)
		}
		for i := range u.Links {
			l := record.Link{F: u.Links[i].F, T: u.Links[i].T}
			u.Links[i].Each(func(p record.Path, v record.Value) {
				if !l.Put(again(true, p, v), v) {
					t.Fatalf("%s does not take %+v", p, v)
				}
			})
			back.Links = append(back.Links, l)
		}
		back.T, back.Full, back.States = u.T, u.Full, u.States
		if a, b := string(u.AppendJSON(nil)), string(back.AppendJSON(nil)); a != b {
			t.Fatalf("%s\nbecame\n%s", a, b)
		}
	})
}

// What is between two models is an update that makes one the other.
func TestBetweenIsWhatMakesOneModelTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var models [2]record.Model
		for i := range models {
			for range 2 {
				var u record.Update
				if err := json.Unmarshal(recordtest.Update(t, 1), &u); err != nil {
					t.Fatal(err)
				}
				if err := models[i].Apply(&u); err != nil {
					t.Fatal(err)
				}
			}
		}
		u := record.Between(&models[0], &models[1])
		if err := models[0].Apply(&u); err != nil {
			t.Fatal(err)
		}
		a, b := models[0].Snapshot(), models[1].Snapshot()
		if a, b := string(a.AppendJSON(nil)), string(b.AppendJSON(nil)); a != b {
			t.Fatalf("%s\nand not\n%s\nby\n%s", a, b, u.AppendJSON(nil))
		}
	})
}

func TestNoOtherPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "x", "caps", "caps.", "apps.01", "apps.-1", "apps.4294967296", "apps.1.x", "apps.1.rate", "caps.total.x"} {
		if p, ok := record.ParsePath(false, name); ok {
			t.Errorf("nodes have %q: %+v", name, p)
		}
	}
	for _, name := range []string{"metrics", "metrics.x", "in", "apps.1.in"} {
		if p, ok := record.ParsePath(true, name); ok {
			t.Errorf("links have %q: %+v", name, p)
		}
	}
}
