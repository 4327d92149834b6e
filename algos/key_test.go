package algos

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// small are keys near each other and near the ends, where mistakes are.
var small = rapid.Custom(func(t *rapid.T) Key { return Key(rapid.IntRange(-3, 3).Draw(t, "key")) })

// A walk step by step is the oracle of places on the ring.
func TestUpToAndBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, k := small.Draw(t, "a"), small.Draw(t, "b"), small.Draw(t, "k")
		// From a, clockwise, over places -3 to 3, all others being far away, to b.
		upTo := false
		for at := a; ; {
			if at++; at == 4 {
				at = ^Key(2) // -3
			}
			upTo = upTo || at == k
			if at == b {
				break
			}
		}
		if got := k.UpTo(a, b); got != upTo {
			t.Fatalf("%d.UpTo(%d, %d) is %v", int64(k), int64(a), int64(b), got)
		}
		if got, want := k.Between(a, b), upTo && k != b; got != want {
			t.Fatalf("%d.Between(%d, %d) is %v", int64(k), int64(a), int64(b), got)
		}
	})
}

func peersForTest(n int) (ps Peers) {
	for _, text := range []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "[2001:db8::1]:4", "10.0.0.1:5", "10.0.0.1:6"}[:n] {
		id, err := core.ParseNodeID(text)
		if err != nil {
			panic(err)
		}
		ps = append(ps, PeerOf(id))
	}
	return ps
}

// Whatever a peer says, what Set keeps is a beginning of it that goes clockwise.
func TestArc(t *testing.T) {
	all := append(peersForTest(6), Peer{})
	rapid.Check(t, func(t *rapid.T) {
		a := Arc{Self: all[0], Max: rapid.IntRange(1, 4).Draw(t, "max")}
		list := rapid.SliceOfN(rapid.SampledFrom(all), 1, 8).Draw(t, "list")
		a.Set(list...)
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		kept := a.All()
		if !slices.Equal(kept, Peers(list[:len(kept)])) {
			t.Fatalf("of %v it keeps %v", list, kept)
		}
		if n := len(kept); n < len(list) && n < a.Max { // there must be a reason
			last := a.Self
			if n > 0 {
				last = kept[n-1]
			}
			if next := list[n]; !next.None() && next.Key-a.Self.Key > last.Key-a.Self.Key && next != a.Self {
				t.Fatalf("%v follows %v, and is not kept", next, last)
			}
		}
		for _, p := range all {
			nearest := !p.None() && p != all[0] && (len(kept) == 0 || p.Key-a.Self.Key < kept[0].Key-a.Self.Key)
			if got := a.Nearer(p); got != nearest {
				t.Fatalf("Nearer(%v) is %v of %v", p, got, kept)
			}
		}
		out := rapid.SampledFrom(all).Draw(t, "out")
		a.Remove(out.ID)
		if err := a.Check(); err != nil || slices.Contains(a.All(), out) {
			t.Fatalf("%v, %v", err, a.All())
		}
	})
	bad := Arc{Self: all[0], Max: 2, peers: Peers{all[0]}}
	if bad.Check() == nil {
		t.Error("an arc with the node itself is in order")
	}
}

// Toward goes to the owner if the list has it, else as near before the key as anything that it knows, and never
// back; a walk over all is the oracle.
func TestToward(t *testing.T) {
	all := append(peersForTest(6), Peer{})
	rapid.Check(t, func(t *rapid.T) {
		a := Arc{Self: all[0], Max: 3}
		a.Set(rapid.SliceOfN(rapid.SampledFrom(all), 0, 4).Draw(t, "list")...)
		others := Peers(rapid.SliceOfN(rapid.SampledFrom(all), 0, 4).Draw(t, "others"))
		except := rapid.SampledFrom(all[1:]).Draw(t, "except").ID
		key := rapid.SampledFrom(all[:6]).Draw(t, "near").Key + small.Draw(t, "off")
		way := func(p Peer) Key { return p.Key - a.Self.Key - 1 } // from the place after Self
		var first, want Peer
		for _, p := range slices.Concat(a.All(), others) {
			switch {
			case p.None() || p.ID == except:
			case first.None() && slices.Contains(a.All(), p) && way(p) >= key-a.Self.Key-1:
				if want.None() { // nothing of the list is before the key
					first = p
				}
			case way(p) < key-a.Self.Key-1 && (want.None() || way(p) > way(want)):
				want = p
			}
		}
		got, owner := a.Toward(key, except, others)
		if owner != !first.None() || owner && got != first || !owner && got != want {
			t.Fatalf("toward %d from %v, %v and %v without %v: %v, %v, want %v or %v", key, a.Self, a.All(), others, except, got, owner, first, want)
		}
	})
}

func TestPeersOnTheWire(t *testing.T) {
	want := append(peersForTest(6), Peer{})
	b := pack.Append(nil, &want)
	var got Peers
	if err := pack.Read(b, &got); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	got.Forget(want[2].ID)
	if !got[2].None() || got[1] != want[1] {
		t.Errorf("after Forget: %v", got)
	}
}
