package nodemap

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

func id(i int, six bool) wire.NodeID {
	at := [16]byte{0: 0xfd, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
	addr := netip.AddrFrom16(at)
	if !six {
		addr = netip.AddrFrom4([4]byte{10, at[13], at[14], at[15]})
	}
	return wire.NodeIDFrom(netip.AddrPortFrom(addr, uint16(7000+i%3)))
}

// TestMap: it does what Go's map does, whatever is put, replaced and deleted, in whatever order.
func TestMap(t *testing.T) {
	type entry struct {
		id  wire.NodeID
		app uint32
	}
	rapid.Check(t, func(t *rapid.T) {
		var m Map[int]
		want := map[entry]int{}
		most := rapid.SampledFrom([]int{3, 20, 300}).Draw(t, "most")
		for i := range rapid.IntRange(1, 600).Draw(t, "steps") {
			k := entry{id(rapid.IntRange(0, most).Draw(t, "node"), rapid.Bool().Draw(t, "six")), rapid.SampledFrom([]uint32{0, 1, 7, 1<<32 - 1}).Draw(t, "app")}
			if rapid.IntRange(0, 2).Draw(t, "what") > 0 {
				m.Put(k.id, k.app, i+1)
				want[k] = i + 1
			} else {
				m.Delete(k.id, k.app)
				delete(want, k)
			}
			if m.Len() != len(want) {
				t.Fatalf("step %d: %d entries, want %d", i, m.Len(), len(want))
			}
			if got := m.Get(k.id, k.app); got != want[k] {
				t.Fatalf("step %d: %v is %d, want %d", i, k, got, want[k])
			}
		}
		for k, v := range want {
			if got := m.Get(k.id, k.app); got != v {
				t.Fatalf("at the end: %v is %d, want %d", k, got, v)
			}
		}
		for k := range want {
			m.Delete(k.id, k.app)
		}
		if m.Len() != 0 || len(m.slots) > few {
			t.Fatalf("emptied: %d entries in a row of %d", m.Len(), len(m.slots))
		}
	})
}

// TestNobody: the zero NodeID names no entry.
func TestNobody(t *testing.T) {
	var m Map[int]
	m.Delete(wire.NodeID{}, 0)
	if got := m.Get(wire.NodeID{}, 0); got != 0 {
		t.Errorf("an empty map has %d", got)
	}
	m.Put(id(1, false), 0, 5)
	if got := m.Get(wire.NodeID{}, 0); got != 0 {
		t.Errorf("nobody has %d", got)
	}
	if m.Delete(wire.NodeID{}, 0); m.Len() != 1 {
		t.Errorf("%d entries", m.Len())
	}
	defer func() {
		if recover() == nil {
			t.Error("the zero NodeID was put")
		}
	}()
	m.Put(wire.NodeID{}, 0, 1)
}

// TestSpread: IDs that follow each other, as a scenario gives them, do not crowd.
func TestSpread(t *testing.T) {
	var m Map[int]
	const nodes = 4096
	for i := range nodes {
		m.Put(id(i, i%2 == 0), uint32(i%4), i)
	}
	var far uint64
	for i := range m.slots {
		if s := &m.slots[i]; !s.free() {
			far += (uint64(i) - m.own(s.key)) & m.mask()
		}
	}
	if far > nodes { // half full, at random: 0.25 on average (Knuth, volume 3, section 6.4), and 0.5 in a row that is full to half
		t.Errorf("%d entries are %d places from their own", nodes, far)
	}
}

func BenchmarkGet(b *testing.B) {
	for _, c := range []struct {
		name  string
		nodes int
	}{{"10 in 1", 1}, {"10 in 20000", 20000}} {
		maps, own := make([]Map[int], c.nodes), make([]map[wire.NodeID]int, c.nodes)
		var ids [10]wire.NodeID
		for i := range ids {
			ids[i] = id(i, false)
		}
		for i := range maps {
			own[i] = map[wire.NodeID]int{}
			for _, id := range ids {
				maps[i].Put(id, 0, i)
				own[i][id] = i
			}
		}
		b.Run(c.name+"/Map", func(b *testing.B) {
			sum := 0
			for i := range b.N {
				sum += maps[i*7919%c.nodes].Get(ids[i%10], 0)
			}
			_ = sum
		})
		b.Run(c.name+"/map", func(b *testing.B) {
			sum := 0
			for i := range b.N {
				sum += own[i*7919%c.nodes][ids[i%10]]
			}
			_ = sum
		})
	}
}
