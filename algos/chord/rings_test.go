package chord

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

// rings are the lengths of the rings that the running nodes are in: circles of first successors.
// What hangs on a circle and is not in it counts as outside.
func (r rig) rings() (lengths []int, outside int) {
	next := make(map[core.NodeID]core.NodeID)
	for _, c := range r.members() {
		next[c.ID()] = c.Successors.First().ID
	}
	seen := make(map[core.NodeID]int) // in which walk
	for i, c := range r.members() {
		at := c.ID()
		for seen[at] == 0 && !next[at].IsZero() {
			seen[at] = i + 1
			at = next[at]
		}
		if next[at].IsZero() || seen[at] != i+1 {
			continue
		}
		length := 1
		for to := next[at]; to != at; to = next[to] {
			length++
		}
		lengths = append(lengths, length)
		outside -= length
	}
	return lengths, outside + len(next)
}

// Nodes that come one after another, each by somebody who came just before, found no rings of their own.
func TestJoinsInARow(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 60
	}
	for _, seed := range seeds() {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled, Hop: 10 * time.Millisecond})
			r := rig{w, t}
			dice := rand.New(rand.NewPCG(seed, 1))
			for i := range n {
				c := New()
				if i > 0 {
					c.AddHost(w.ID(name(dice.IntN(i))))
				}
				w.AddNode(name(i), func() core.Algorithm { return c })
				w.RunFor(10 * time.Millisecond)
			}
			for range 4 {
				lengths, outside := r.rings()
				t.Logf("at %v: %d rings %v, %d outside", r.Now(), len(lengths), lengths, outside)
				r.RunFor(15 * time.Second)
			}
			r.settle(0)
			if l := r.lookups(5); l.right != l.asked {
				t.Errorf("lookups: %+v", l)
			}
		})
	}
}
