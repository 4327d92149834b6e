package chord

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// Whatever happens for a minute, with lost messages and short lists of successors: when it has been quiet for a
// while, all that run are one ring.
func TestOneRingAfterFaults(t *testing.T) {
	count := uint64(40)
	if testing.Short() {
		count = 4
	}
	if n, err := strconv.Atoi(os.Getenv("CHORD_SEEDS")); err == nil { // to look at many
		count = uint64(n)
	}
	for seed := range count {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 2))
			n, list := 1+dice.IntN(30), 1+dice.IntN(5)
			way := dice.IntN(3)
			contacts := [...]func(int) []int{first, some(n), func(i int) []int { return []int{max(i-1, 0)} }}[way]
			r := newRig(t, seed, n, contacts, func(c *Chord) { c.Successors.Max = list })
			gone := make(map[string]bool)
			lossy := dice.IntN(2) == 0
			for _, a := range r.Nodes() {
				for _, b := range r.Nodes() {
					if lossy {
						a.SetLink(b.ID(), emul.Link{Loss: 0.1})
					}
				}
			}
			node := func() []string { return []string{name(dice.IntN(n))} }
			for range dice.IntN(20) {
				f := sim.Fault{At: time.Duration(dice.Int64N(int64(55 * time.Second))), Nodes: node()}
				switch dice.IntN(5) {
				case 0:
					f.Kind = sim.Crash
				case 1:
					f.Kind = sim.Restart
				case 2:
					f.Kind = sim.Stop
				case 3:
					f.Kind, f.Nodes = sim.Cut, append(f.Nodes, name(dice.IntN(n)))
					if f.Nodes[0] == f.Nodes[1] {
						continue
					}
				default:
					f.Kind, f.Nodes, f.Groups = sim.Partition, nil, make([][]string, 2)
					for i := range n {
						k := dice.IntN(2)
						f.Groups[k] = append(f.Groups[k], name(i))
					}
				}
				if f.Kind == sim.Crash || f.Kind == sim.Stop {
					gone[f.Nodes[0]] = true
				}
				r.Schedule(f)
			}
			for i := range n { // those that others have to know come back
				if gone[name(i)] && (i == 0 || way > 0) {
					r.Schedule(sim.Fault{At: 57 * time.Second, Kind: sim.Restart, Nodes: []string{name(i)}})
				}
			}
			r.Schedule(sim.Fault{At: 60 * time.Second, Kind: sim.Heal})
			r.always(60 * time.Second)
			for _, a := range r.Nodes() {
				for _, b := range r.Nodes() {
					if a.Running() {
						a.SetLink(b.ID(), emul.Link{})
					}
				}
			}
			r.settle(5 * time.Minute)
			if l := r.lookups(3); l.right != l.asked {
				t.Errorf("lookups: %+v", l)
			}
		})
	}
}
