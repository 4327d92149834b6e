package chord

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

// rig is a world of Chord nodes.
type rig struct {
	*simtest.World
	t *testing.T
}

// newRig makes a world of nodes; contacts are the numbers of those that node i knows.
func newRig(t *testing.T, seed uint64, n int, contacts func(i int) []int) rig {
	w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})
	w.Add(n, func(i int) core.Algorithm {
		c := New()
		for _, k := range contacts(i) {
			c.AddHost(w.ID(fmt.Sprint("n", k)))
		}
		return c
	})
	return rig{w, t}
}

// members are the nodes that run, in the order of the ring.
func (r rig) members() (cs []*Chord) {
	for _, n := range r.Nodes() {
		if n.Running() {
			cs = append(cs, n.Algorithm().(*Chord))
		}
	}
	slices.SortFunc(cs, func(a, b *Chord) int { return cmp.Compare(a.self.Key, b.self.Key) })
	return cs
}

// unringed is how many nodes do not have the successors and the predecessor that they should have.
func unringed(cs []*Chord) (bad int) {
	for i, c := range cs {
		ok := c.predecessor == cs[(i+len(cs)-1)%len(cs)].self && len(c.Successors.All()) == min(c.Successors.Max, len(cs)-1)
		for k, p := range c.Successors.All() {
			ok = ok && p == cs[(i+k+1)%len(cs)].self
		}
		if !ok {
			bad++
		}
	}
	return bad
}

func TestTry(t *testing.T) {
	for _, n := range []int{2, 3, 10, 50, 200} {
		for name, contacts := range map[string]func(i int) []int{"first": func(i int) []int { return []int{0} }, "random": func(i int) []int { return []int{(i * 7919) % n, (i*31 + 17) % n, (i + 1) % n} }} {
			r := newRig(t, 7, n, contacts)
			var bad []int
			for range 12 {
				r.RunFor(5 * time.Second)
				bad = append(bad, unringed(r.members()))
			}
			t.Log(n, name, bad, r.Totals())
		}
	}
}
