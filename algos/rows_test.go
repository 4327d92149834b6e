package algos_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
)

// table is one of four rows, at the places 10, 20, 30 and 40, with a lookup that the test answers.
type table struct {
	algos.Rows
	covered algos.Key // places up to here
	asked   []algos.Key
	answer  func(key algos.Key) (algos.Peer, error)
}

func newTable(covered algos.Key) *table {
	t := &table{covered: covered, answer: func(key algos.Key) (algos.Peer, error) { return algos.Peer{ID: id(int(key / 10)), Key: key + 1}, nil }}
	t.Rows = algos.NewRows(4, func(row int) algos.Key { return algos.Key(10 * (row + 1)) },
		func(place algos.Key) bool { return place <= t.covered },
		func(key algos.Key, fn func(*algos.Found, error)) {
			t.asked = append(t.asked, key)
			owner, err := t.answer(key)
			fn(&algos.Found{Key: key, Owner: owner}, err)
		})
	return t
}

// took is what was looked up since it was asked for.
func (t *table) took() []algos.Key {
	asked := t.asked
	t.asked = nil
	return asked
}

// Rows are filled from the highest to those that are covered, and repaired one at a time.
func TestRows(t *testing.T) {
	x := newTable(10)
	x.Fill()
	if got := x.took(); !slices.Equal(got, []algos.Key{40, 30, 20}) {
		t.Fatalf("filling looked %v up", got)
	}
	if all := x.All(); all[3].ID != id(4) || all[1].ID != id(2) || !all[0].None() {
		t.Fatalf("the rows are %v", all)
	}
	for range 5 {
		x.Repair()
	}
	if got := x.took(); !slices.Equal(got, []algos.Key{40, 30, 20, 40, 30}) {
		t.Errorf("repairing looked %v up", got)
	}
	x.Repair()
	x.took()

	x.Forget(id(4))
	if all := x.All(); !all[3].None() || all[2].ID != id(3) {
		t.Errorf("the rows are %v when a node has failed", all)
	}
	x.answer = func(algos.Key) (algos.Peer, error) { return algos.Peer{}, errors.New("nobody answers") }
	x.Repair()
	if all := x.All(); !all[3].None() || all[2].ID != id(3) {
		t.Errorf("the rows are %v after a lookup that has failed", all)
	}
	x.covered = 40
	x.took()
	if x.Repair(); len(x.took()) != 0 {
		t.Error("a row was looked up though all are covered")
	}
}

// A row that was empty has those below it filled too; one that was not has not.
func TestRowsFillBelow(t *testing.T) {
	x := newTable(0)
	x.Repair()
	if got := x.took(); !slices.Equal(got, []algos.Key{40, 30, 20, 10}) {
		t.Errorf("the first repair looked %v up", got)
	}
	x.Forget(id(2))
	x.Repair()
	x.Repair()
	if got := x.took(); !slices.Equal(got, []algos.Key{30, 20, 10}) { // that below an empty one again, and no further
		t.Errorf("two repairs looked %v up", got)
	}
	if x.All()[1].ID != id(2) {
		t.Error("a row that was emptied has no owner again")
	}
}

// Three far links, of which two nodes own the places.
func ExampleRows() {
	places := []algos.Key{100, 1000, 10000}
	rows := algos.NewRows(3, func(row int) algos.Key { return places[row] },
		func(place algos.Key) bool { return place < 500 }, // the node knows who is near
		func(key algos.Key, fn func(*algos.Found, error)) { // an overlay's Router.Lookup
			fn(&algos.Found{Key: key, Owner: algos.Peer{ID: id(1 + int(key/5000)), Key: key + 7}}, nil)
		})
	rows.Fill()
	for row, owner := range rows.All() {
		fmt.Println(places[row], owner.ID, owner.Key)
	}
	// Output:
	// 100 none 0
	// 1000 10.0.0.1:80 1007
	// 10000 10.0.0.3:80 10007
}
