package library

import (
	"strings"
	"testing"
)

func TestChord(t *testing.T) {
	nodes := 200
	if testing.Short() || raceOn {
		nodes = 60
	}
	rows, err := Chord(t.Context(), Options{Seed: 1, Nodes: []int{nodes}})
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
		t.Log(r.Note)
	}
	t.Log("\n" + out.String())
}
