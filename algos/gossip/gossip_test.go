package gossip_test

import (
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/gossip"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// Flooding reaches every node that there is a way to, each message once, whatever
// the graph.
func TestFloodingReachesWhatCanBeReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const messages = 3
		n := rapid.IntRange(2, 8).Draw(t, "nodes")
		w := coretest.New(t, core.Config{})
		out := make([][]int, n)
		nodes := make([]*gossip.Gossip, n)
		name := func(i int) string { return string(rune('a' + i)) }
		for i := range n {
			var ids []core.NodeID
			for j := range n {
				if i != j && rapid.Bool().Draw(t, name(i)+" to "+name(j)) {
					out[i] = append(out[i], j)
					ids = append(ids, w.ID(name(j)))
				}
			}
			nodes[i] = gossip.New(1, ids...)
			w.Node(name(i), nodes[i])
		}
		nodes[0].AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 10, Limit: messages}))
		w.Run()
		reached := map[int]bool{0: true}
		for todo := []int{0}; len(todo) > 0; todo = todo[1:] {
			for _, j := range out[todo[0]] {
				if !reached[j] {
					reached[j] = true
					todo = append(todo, j)
				}
			}
		}
		for i, g := range nodes {
			want := uint64(0)
			if reached[i] {
				want = messages
			}
			if g.Consumed() != want {
				t.Errorf("%s consumed %d messages, want %d", name(i), g.Consumed(), want)
			}
		}
	})
}

// With probability 0 only the source speaks.
func TestSilence(t *testing.T) {
	w := coretest.New(t, core.Config{})
	c := gossip.New(0)
	b := gossip.New(0, w.ID("c"))
	a := gossip.New(0, w.ID("b"))
	w.Node("a", a)
	w.Node("b", b)
	w.Node("c", c)
	a.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 10, Limit: 5}))
	w.Run()
	if b.Consumed() != 5 || c.Consumed() != 0 {
		t.Errorf("b consumed %d and c %d messages, want 5 and 0", b.Consumed(), c.Consumed())
	}
}

func TestImpossibleProbability(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New(1.5) did not panic")
		}
	}()
	gossip.New(1.5)
}
