package library

import (
	"strings"
	"testing"
)

func TestPlumtree(t *testing.T) {
	nodes := 1000
	if testing.Short() || raceOn {
		nodes = 200
	}
	rows, err := Plumtree(t.Context(), Options{Seed: 1, Nodes: []int{nodes}, Short: true})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Table(&out, rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !r.Held {
			t.Errorf("not held: %+v", r)
		}
	}
	t.Log("\n" + out.String())
}
