package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// closed reports whether a wait can be reached from itself: the slow oracle, by the
// reachability of every lane from every other.
func closed(all []Wait, first Wait) bool {
	reached := map[Wait]bool{}
	for todo := []Wait{first}; len(todo) > 0; todo = todo[1:] {
		for _, next := range all {
			if next.Node == todo[0].To && next.From == todo[0].Node && next.App == todo[0].ToApp && !reached[next] {
				reached[next] = true
				todo = append(todo, next)
			}
		}
	}
	return reached[first]
}

// A circle is found with the wait that closes it, and each that is found is one.
func TestWaitGraphAgainstReachability(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g WaitGraph
		all := make(map[NodeID][]Wait)
		for range rapid.IntRange(1, 30).Draw(t, "updates") {
			node := nodeID(rapid.IntRange(0, 4).Draw(t, "node"))
			var waits []Wait
			for range rapid.IntRange(0, 3).Draw(t, "waits") {
				waits = append(waits, Wait{
					Node: node, From: nodeID(rapid.IntRange(0, 4).Draw(t, "from")), App: rapid.Uint32Range(1, 2).Draw(t, "app"),
					To: nodeID(rapid.IntRange(0, 4).Draw(t, "to")), ToApp: rapid.Uint32Range(1, 2).Draw(t, "to app"),
				})
			}
			all[node] = waits
			var flat []Wait
			for _, ws := range all {
				flat = append(flat, ws...)
			}
			inCircle := make(map[Wait]bool)
			for _, c := range g.Update(node, waits) {
				for i, w := range c {
					next := c[(i+1)%len(c)]
					if next.Node != w.To || next.From != w.Node || next.App != w.ToApp || !slices.Contains(flat, w) {
						t.Fatalf("%v is no circle of %v", c, flat)
					}
				}
			}
			for _, c := range g.known {
				for _, w := range c {
					inCircle[w] = true
				}
			}
			for _, w := range waits {
				if closed(flat, w) != inCircle[w] {
					t.Fatalf("%v is in a circle of %v: %v, and the graph says %v", w, flat, closed(flat, w), inCircle[w])
				}
			}
		}
	})
}

// Data that runs round a ring of three and is never consumed comes to a stop, and all
// in it are told who waits for whom; once, however long it lasts.
func TestDeadlockIsNamed(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 4})
	defer w.close()
	told := make([]string, 3)
	for i := range 3 {
		w.node(i, func(n *Node, m *Msg) Verdict {
			switch m.Type() {
			case wire.TypeData:
				n.Send(m, nodeID((i+1)%3))
				n.Send(n.Clone(m), nodeID((i+1)%3)) // more comes in than goes out
			case wire.TypeDeadlock:
				told[i] += string(m.Payload())
			}
			return Done
		})
	}
	w.nodes[0].sw.Call(func() { w.nodes[0].Send(w.nodes[0].NewMsg(wire.TypeData, 7, 100), nodeID(1)) })
	w.pass(10 * time.Second)
	if len(w.circles) != 1 || len(w.circles[0]) != 3 {
		t.Fatalf("found %v", w.circles)
	}
	want := "at 10.0.0.0:7000 application 7 from 10.0.0.2:7000 waits for application 7 to 10.0.0.1:7000"
	for i, text := range told {
		if !strings.HasPrefix(text, want) || strings.Count(text, "waits") != 3 {
			t.Errorf("node %d was told %q", i, text)
		}
	}
}

// A row of full queues behind a slow node is no circle.
func TestBackPressureIsNoDeadlock(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 4})
	defer w.close()
	w.ports(0) // node 3 is a port that takes nothing
	for i := range 3 {
		dial := w.dial
		w.node(i, relay(i+1))
		w.dial = func(l *OutLane) {
			if w.find(l.Peer()) != nil {
				w.connect(l)
			} else {
				dial(l)
			}
		}
	}
	w.nodes[0].AddSource(5, &numbered{w: w, rng: Rand(1), app: 5, limit: 100, burst: 7})
	w.pass(10 * time.Second)
	if len(w.circles) != 0 {
		t.Errorf("found %v", w.circles)
	}
}
