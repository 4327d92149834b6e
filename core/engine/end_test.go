package engine

import (
	"slices"
	"sync"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// member sends to all others when it hears that all are up, and writes down what it is
// told of its world and of its links.
type member struct {
	algos.Base
	others []core.NodeID

	mu   sync.Mutex // for whoever reads what was told while the node lives
	told []core.Type
}

func (b *member) Process(m *core.Msg) core.Verdict {
	switch t := m.Type(); t {
	case wire.TypeWorldUp:
		b.note(t)
		for _, id := range b.others {
			b.Send(b.NewMsg(wire.TypeData, 7, 10), id)
		}
	case wire.TypeStarted, wire.TypeStopping, wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeBrokenSource:
		b.note(t)
	}
	return b.Base.Process(m)
}

func (b *member) note(t core.Type) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, t)
}

// notes is what was told so far.
func (b *member) notes() []core.Type {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.told)
}

func count(ts []core.Type, t core.Type) (n int) {
	for _, x := range ts {
		if x == t {
			n++
		}
	}
	return n
}

// crowd is nodes on a circle that each send to the next few.
func crowd(t *testing.T, e *testEngine, size, few int) (members []*member, nodes []*Node) {
	t.Helper()
	for i := range size {
		b := &member{}
		members = append(members, b)
		nodes = append(nodes, e.add(t, b, NodeOptions{Loop: OnLoop(i % e.Loops())}))
	}
	for i, n := range nodes {
		do(t, n, func(*core.Node) {
			for k := range few {
				members[i].others = append(members[i].others, nodes[(i+k+1)%size].ID())
			}
		})
	}
	return members, nodes
}

// linked waits until all lanes between them are there.
func linked(t *testing.T, members []*member) {
	t.Helper()
	for _, b := range members {
		eventually(t, "everybody is linked to the next few", func() bool {
			return count(b.notes(), wire.TypeLinkUp) == 2*len(b.others)
		})
	}
}

// All are told that all are up, once, after they started; who comes later is told at
// once.
func TestAllUp(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		members, nodes := crowd(t, e, 4, 3)
		for i, b := range members {
			do(t, nodes[i], func(*core.Node) {})
			if got := b.notes(); !slices.Equal(got, []core.Type{wire.TypeStarted}) {
				t.Fatalf("before all are up, node %d was told %v", i, got)
			}
		}
		e.AllUp()
		e.AllUp() // once more changes nothing
		linked(t, members)
		late := &member{}
		n := e.add(t, late, NodeOptions{})
		do(t, n, func(*core.Node) {})
		if got := late.notes(); !slices.Equal(got, []core.Type{wire.TypeStarted, wire.TypeWorldUp}) {
			t.Errorf("a node that comes later was told %v", got)
		}
		for i, b := range members {
			if got := b.notes(); got[0] != wire.TypeStarted || count(got, wire.TypeWorldUp) != 1 {
				t.Errorf("node %d was told %v", i, got)
			}
			do(t, nodes[i], func(*core.Node) {
				if b.Unhandled() != 0 {
					t.Errorf("node %d had no use for %d messages", i, b.Unhandled())
				}
			})
		}
	})
}

// endedTogether checks that each was told of the end once, and of no link's end before.
func endedTogether(t *testing.T, members []*member) {
	t.Helper()
	for i, b := range members {
		got := b.notes()
		at := slices.Index(got, wire.TypeStopping)
		if at < 0 || count(got, wire.TypeStopping) != 1 {
			t.Errorf("node %d was told %v: not once that it stops", i, got)
			continue
		}
		if before := got[:at]; count(before, wire.TypeLinkDown)+count(before, wire.TypeBrokenSource) > 0 {
			t.Errorf("node %d was told %v: of an end before its own", i, got)
		}
	}
}

// At the end all are told before the first link ends, whether or not there is time to
// deliver what is on its way.
func TestAllEndTogether(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		for _, how := range []string{"stop", "close"} {
			e := newEngine(t, w.options())
			members, _ := crowd(t, e, scaled(100), 4)
			e.AllUp()
			linked(t, members)
			if how == "close" {
				e.Close()
			} else if err := e.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			endedTogether(t, members)
			e.Close()
		}
	})
}

// Engines that end together tell all of their nodes before any of them stops. Until
// then nodes that were told take lanes as before.
func TestEnginesEndTogether(t *testing.T) {
	first := newEngine(t, Options{Loops: 1})
	other, err := New(Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	engines := []*testEngine{first, {Engine: other}}
	a, b := &member{}, &member{}
	nodes := []*Node{engines[0].add(t, a, NodeOptions{}), engines[1].add(t, b, NodeOptions{})}
	a.others, b.others = []core.NodeID{nodes[1].ID()}, []core.NodeID{nodes[0].ID()}
	engines[0].TellStopping()
	engines[0].TellStopping() // once more changes nothing
	do(t, nodes[0], func(c *core.Node) {
		if c.Running() {
			t.Error("a node that was told that it stops says that it runs")
		}
	})
	engines[1].AllUp() // so b dials a, which was told and was not stopped
	eventually(t, "the lane is there", func() bool { return count(b.notes(), wire.TypeLinkUp) == 1 })
	engines[1].TellStopping()
	for _, e := range engines {
		if err := e.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	endedTogether(t, []*member{a, b})
	if count(a.notes(), wire.TypeWorldUp) != 0 {
		t.Errorf("a was told %v, and its world was never up", a.notes())
	}
}
