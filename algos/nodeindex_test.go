package algos

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core"
)

func idOf(i uint64) core.NodeID {
	return core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 24), byte(i >> 16), byte(i >> 8)}), uint16(i&255)+1))
}

// TestNodeIndex finds what a map finds.
func TestNodeIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x nodeIndex
		var list []entry
		model := make(map[core.NodeID]int)
		for _, i := range rapid.SliceOfN(rapid.Uint64Range(0, 400), 0, 200).Draw(t, "ids") {
			id := idOf(i)
			at, there := model[id]
			if got := x.find(id, list); !there && got != -1 || there && got != at {
				t.Fatalf("%v is at %d, want %d, %v", id, got, at, there)
			}
			if there {
				continue
			}
			model[id] = len(list)
			list = append(list, entry{Fact: Fact{Who: id}})
			x.add(list)
		}
		if got := x.find(core.NodeID{}, list); got != -1 {
			t.Fatalf("nobody is at %d", got)
		}
	})
}

// TestNodeIndexUnderAttack: IDs that were chosen to meet in one slot are no farther from their own than others, and all are found.
func TestNodeIndexUnderAttack(t *testing.T) {
	var x nodeIndex
	var list []entry
	const slots, count = 1 << 12, 500
	for i := uint64(0); len(list) < count; i++ {
		if id := idOf(i); (&nodeIndex{}).hash(id)%slots == 7 {
			list = append(list, entry{Fact: Fact{Who: id}})
			x.add(list)
		}
	}
	if x.way == 0 {
		t.Error("nothing was placed in another way: the IDs do not meet, so nothing was tried")
	}
	mask := uint64(len(x.slots) - 1)
	for place := range list {
		if got := x.find(list[place].Who, list); got != place {
			t.Fatalf("%d was found at %d", place, got)
		}
	}
	for i, s := range x.slots {
		if s == 0 {
			continue
		}
		if far := (uint64(i) - x.hash(list[uint32(s)-1].Who)) & mask; far > farthest {
			t.Errorf("an ID is %d slots from its own", far)
		}
	}
}
