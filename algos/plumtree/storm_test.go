package plumtree

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

func TestStorm(t *testing.T) {
	for _, n := range []int{100, 1000} {
		w := sim.New(sim.Options{Seed: 7})
		var ps []*Plumtree
		for i := range n {
			w.AddNode("n"+string(rune('A'+i%26))+time.Duration(i).String(), func() core.Algorithm {
				p := New()
				if i > 0 {
					p.AddHost(ps[0].ID())
				}
				ps = append(ps, p)
				return p
			})
		}
		for _, at := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10500 * time.Millisecond, 21 * time.Second, 35 * time.Second, time.Minute} {
			if err := w.RunUntil(at); err != nil {
				t.Fatal(err)
			}
			deg := map[int]int{}
			for _, p := range ps {
				deg[len(p.Neighbours())]++
			}
			t.Log(n, at, w.Totals().Messages, deg)
		}
		w.Close()
	}
}
