package algos_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func nodeID(i int) core.NodeID {
	return core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, byte(i >> 8), byte(i)}), 7000))
}

// KnownHosts against two maps.
func TestHostsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := coretest.New(t, core.Config{})
		var b algos.Base
		w.Node("a", &b)
		w.RunFor(0)
		known, suspect := map[core.NodeID]bool{}, map[core.NodeID]bool{}
		draw := func() core.NodeID { return nodeID(rapid.IntRange(0, 7).Draw(t, "host")) }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id := draw()
				if b.AddHost(id) == known[id] {
					t.Fatalf("AddHost(%v), which is known: %v", id, known[id])
				}
				known[id] = true
				delete(suspect, id)
			},
			"remove": func(t *rapid.T) {
				id := draw()
				if b.RemoveHost(id) != (known[id] || suspect[id]) {
					t.Fatalf("RemoveHost(%v), which is known: %v, suspect: %v", id, known[id], suspect[id])
				}
				delete(known, id)
				delete(suspect, id)
			},
			"reply": func(t *rapid.T) {
				ids := []core.NodeID{draw(), draw()}
				w.Deliver(b, wire.TypeBootReply, 0, 0, algos.Encode(algos.BootReply{Hosts: ids}))
				for _, id := range ids {
					known[id] = true
					delete(suspect, id)
				}
			},
			"refuse": func(t *rapid.T) { // nobody lives there
				for _, id := range b.Known() {
					delete(known, id)
					suspect[id] = true
				}
				w.Call(b, func() { b.Disseminate(b.NewMsg(wire.TypeData, 5, 0), 1, b.Known()...) })
				w.RunFor(core.DefaultRedialMax)
			},
			"": func(t *rapid.T) {
				order := func(a, b core.NodeID) int { return a.Compare(b) }
				for _, c := range []struct {
					name string
					got  []core.NodeID
					want map[core.NodeID]bool
				}{{"known", b.Known(), known}, {"suspects", b.Suspects(), suspect}} {
					if want := slices.SortedFunc(maps.Keys(c.want), order); !slices.Equal(c.got, want) {
						t.Fatalf("%s %v, want %v", c.name, c.got, want)
					}
				}
			},
		})
	})
}

func TestHostsThatCannotBe(t *testing.T) {
	p := newPair(t, core.Config{})
	for _, id := range []core.NodeID{
		{}, p.node.ID(),
		core.NodeIDFrom(netip.MustParseAddrPort("10.0.0.1:0")),
		core.NodeIDFrom(netip.MustParseAddrPort("0.0.0.0:7000")),
		core.NodeIDFrom(netip.MustParseAddrPort("[::]:7000")),
	} {
		if p.node.AddHost(id) {
			t.Errorf("%v was added to the known hosts", id)
		}
	}
}

// Hosts may be given before there is a node, itself included.
func TestHostsBeforeTheNode(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var b algos.Base
	b.AddHost(w.ID("a"))
	b.AddHost(w.ID("b"))
	w.Node("a", &b)
	if got := b.Known(); len(got) != 1 || got[0] != w.ID("b") {
		t.Errorf("known hosts %v, want b", got)
	}
}

func TestHostsAreBounded(t *testing.T) {
	p := newObserved(t)
	for i := range algos.MaxHosts {
		if !p.node.AddHost(nodeID(i)) {
			t.Fatalf("host %d was not added", i)
		}
	}
	if p.node.AddHost(nodeID(algos.MaxHosts)) || len(p.node.Known()) != algos.MaxHosts {
		t.Errorf("%d known hosts", len(p.node.Known()))
	}
	hosts := make([]core.NodeID, algos.MaxHosts+1)
	for i := range hosts {
		hosts[i] = nodeID(i)
	}
	p.tell(wire.TypeBootReply, 0, algos.Encode(algos.BootReply{Hosts: hosts}))
	if p.node.BadMessages() != 1 {
		t.Error("a boot reply with too many hosts was not counted as bad")
	}
}

func BenchmarkKnown(b *testing.B) {
	for _, n := range []int{8, 256, algos.MaxHosts} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := newPair(b, core.Config{})
			for i := range n {
				p.node.AddHost(nodeID(2 * i))
			}
			b.ReportAllocs()
			for b.Loop() {
				p.node.AddHost(nodeID(n)) // in the middle, and known or not
				p.node.RemoveHost(nodeID(n))
			}
		})
	}
}
