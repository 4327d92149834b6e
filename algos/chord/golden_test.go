package chord

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/internal/golden"
)

// scribe writes down what nodes are told.
type scribe struct {
	w   *sim.World
	out strings.Builder
}

var words = map[core.Type]string{TypeFind: "find", typeNeighbours: "neighbours?", typeNotify: "notify", typeStabilize: "stabilize", typeMeet: "meet"}

func (s *scribe) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	if word := words[m.Type()]; word != "" {
		fmt.Fprintf(&s.out, "%-9v %s -> %s  %s\n", at, s.w.Name(m.From()), n.Name(), word)
	}
}
func (s *scribe) Sent(time.Duration, *sim.Node, *sim.Node, uint32, core.Run)  {}
func (s *scribe) Warned(time.Duration, *sim.Node, core.NodeID, uint32, error) {}
func (s *scribe) Ended(time.Duration, *sim.Node, *core.Crash)                 {}
func (s *scribe) Fault(at time.Duration, f sim.Fault) {
	fmt.Fprintf(&s.out, "%-9v %v %v\n", at, f.Kind, f.Nodes)
}

// show writes who a node has before and after it.
func (s *scribe) show() {
	for _, n := range s.w.Nodes() {
		if !n.Running() {
			continue
		}
		c := n.Algorithm().(*Chord)
		before := "?"
		if p := c.Predecessor(); !p.None() {
			before = s.w.Name(p.ID)
		}
		fmt.Fprintf(&s.out, "          %s < %s <", before, n.Name())
		for _, p := range c.Successors.All() {
			fmt.Fprintf(&s.out, " %s", s.w.Name(p.ID))
		}
		s.out.WriteByte('\n')
	}
}

// Three nodes become a ring; a fourth joins; one crashes. The file is what the nodes are
// asked and told, step by step, and their neighbours after each act.
func TestGolden(t *testing.T) {
	s := &scribe{}
	s.w = sim.New(sim.Options{Seed: 1, Watch: s})
	add := func(name string, contacts ...string) {
		s.w.AddNode(name, func() core.Algorithm {
			c := New()
			for _, contact := range contacts {
				c.AddHost(s.w.ID(contact))
			}
			return c
		})
	}
	act := func(title string, d time.Duration) {
		fmt.Fprintf(&s.out, "# %s\n", title)
		if err := s.w.RunFor(d); err != nil {
			t.Fatal(err)
		}
		s.show()
	}
	add("A")
	add("B", "A")
	add("C", "A")
	act("B and C know A", 16*time.Second)
	add("D", "B")
	act("D knows B", 11*time.Second)
	s.w.Schedule(sim.Fault{At: s.w.Now(), Kind: sim.Crash, Nodes: []string{"A"}})
	act("A crashes", 11*time.Second)
	got := s.out.String()
	if err := s.w.Close(); err != nil {
		t.Error(err)
	}
	golden.File(t, "testdata/ring.txt", got)
}
