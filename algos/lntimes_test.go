package algos_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// Who are the nodes of a list, in its order, in a slice of the caller's.
func TestFactListWho(t *testing.T) {
	list := algos.FactList{{Who: id(3), Value: 1}, {Who: id(1), Value: 2}}
	who := list.Who()
	if !slices.Equal(who, []core.NodeID{id(3), id(1)}) || len(algos.FactList(nil).Who()) != 0 {
		t.Errorf("they are about %v", who)
	}
	if who[0] = id(2); list[0].Who != id(3) {
		t.Error("the list has changed with the caller's slice")
	}
}

// How often news are told in groups of different sizes.
func ExampleLnTimes() {
	for _, n := range []int{0, 1, 10, 100, 1000, 10000} {
		fmt.Print(algos.LnTimes(3, n), " ")
	}
	// Output: 0 3 8 14 21 28
}
