package tree_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/golden"
)

// scribe writes down what nodes are told of the tree, beats and reports left out: they come once a period.
type scribe struct {
	w   *sim.World
	out strings.Builder
}

// The types of package tree, in its order.
var words = map[core.Type]string{first: "query", first + 1: "ack", first + 2: "join?", first + 5: "leave", first + 6: "move"}

const first = wire.FirstAlgorithmType + 80

func (s *scribe) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	if word := words[m.Type()]; word != "" {
		fmt.Fprintf(&s.out, "%-12v %s -> %s  %s\n", at, s.w.Name(m.From()), n.Name(), word)
	}
}
func (s *scribe) Sent(time.Duration, *sim.Node, *sim.Node, uint32, core.Run)  {}
func (s *scribe) Warned(time.Duration, *sim.Node, core.NodeID, uint32, error) {}
func (s *scribe) Ended(time.Duration, *sim.Node, *core.Crash)                 {}
func (s *scribe) Fault(at time.Duration, f sim.Fault) {
	fmt.Fprintf(&s.out, "%-12v %v %v\n", at, f.Kind, f.Nodes)
}

// The paper's figure 5 joins by join, a child that is handed over, a parent that leaves and one that crashes. The file is what nodes
// are told, step by step, and the tree with its stress after each act.
func TestGolden(t *testing.T) {
	s := &scribe{}
	s.w = sim.New(sim.Options{Seed: 1, Watch: s})
	kbps := []struct {
		name string
		rate emul.Rate
	}{{"S", 200_000}, {"A", 500_000}, {"B", 100_000}, {"C", 200_000}, {"D", 100_000}}
	for _, k := range kbps {
		s.w.AddNode(k.name, func() core.Algorithm {
			a := tree.New(tree.NodeStress)
			a.Refine = true
			for _, other := range kbps {
				if other.name != k.name {
					a.AddHost(s.w.ID(other.name))
				}
			}
			return &limited{Tree: a, bandwidth: emul.Bandwidth{Total: k.rate}}
		})
	}
	of := func(name string) *tree.Tree { return s.w.Node(name).Algorithm().(*limited).Tree }
	act := func(title string, d time.Duration) {
		fmt.Fprintf(&s.out, "# %s\n", title)
		if err := s.w.RunFor(d); err != nil {
			t.Fatal(err)
		}
		for _, k := range kbps {
			if s.w.Node(k.name).Running() && of(k.name).InTree(app) {
				fmt.Fprintf(&s.out, "             %s, stress %.2f:", k.name, of(k.name).Load(app).Stress())
				for _, c := range of(k.name).Children(app) {
					fmt.Fprintf(&s.out, " %s", s.w.Name(c))
				}
				s.out.WriteByte('\n')
			}
		}
	}
	do := func(name string, fn func(*tree.Tree)) { s.w.Node(name).Core().Call(func() { fn(of(name)) }) }
	do("S", func(a *tree.Tree) { a.Root(app) })
	act("S is the source's", 2*time.Second)
	for _, name := range []string{"D", "A", "C", "B"} {
		do(name, func(a *tree.Tree) { a.Join(app) })
		act(name+" joins", 4*time.Second)
	}
	do("A", func(a *tree.Tree) { a.Leave(app) })
	act("A leaves", 8*time.Second)
	do("A", func(a *tree.Tree) { a.Join(app) })
	act("A joins again", 12*time.Second)
	s.w.Schedule(sim.Fault{At: s.w.Now(), Kind: sim.Crash, Nodes: []string{"A"}})
	act("A crashes", 12*time.Second)
	got := s.out.String()
	if err := s.w.Close(); err != nil {
		t.Error(err)
	}
	golden.File(t, "testdata/session.txt", got)
}
