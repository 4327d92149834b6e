package core

import (
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// first is a node that sends all data to the first of its downstreams that has room, of two messages each; the transports to
// them take nothing by themselves.
func first(t *testing.T, cfg Config) (w *world, ps *ports, n *Node) {
	cfg.QueueMsgs = 2
	w = newWorld(t, cfg)
	ps = w.ports(0)
	n = w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeData {
			n.SendFirst(m, nodeID(1), nodeID(2), nodeID(3))
		}
		return Done
	})
	return w, ps, n
}

// A message goes to the first that has room, waits for any if none has, and goes to one of them, in order.
func TestSendFirst(t *testing.T) {
	const frame = wire.HeaderSize + 10
	for _, strict := range []bool{false, true} {
		w, ps, n := first(t, Config{Strict: strict})
		f := w.feeder(n, 9, 5, w.messages(9, 5, 12, 10))
		w.settle()
		waiting := func() (msgs []int) {
			for i := range 3 {
				_, m := n.Queued(nodeID(1+i), 5)
				msgs = append(msgs, m)
			}
			return msgs
		}
		if got := waiting(); !slices.Equal(got, []int{2, 2, 2}) || !f.lane.Blocked() {
			t.Fatalf("%v messages are queued, want two each, and the lane waits: %v", got, f.lane.Blocked())
		}
		for range 2 { // the first is stuck, and the third is the one that goes on
			ps.to(3, 5).give(frame)
			w.settle()
		}
		ps.to(2, 5).give(2 * frame)
		w.settle()
		got := map[int][]uint64{2: seqs(t, ps.to(2, 5).got), 3: seqs(t, ps.to(3, 5).got)}
		if !slices.Equal(got[2], []uint64{2, 3}) || !slices.Equal(got[3], []uint64{4, 5}) {
			t.Errorf("the second got %v, and the third %v", got[2], got[3])
		}
		if got := waiting(); !slices.Equal(got, []int{2, 2, 2}) || !f.lane.Blocked() {
			t.Errorf("%v messages are queued, want two each, and the lane waits: %v", got, f.lane.Blocked())
		}
		for i := range 3 {
			ps.to(1+i, 5).give(endless)
		}
		w.settle()
		var all []uint64
		for i := range 3 {
			s := seqs(t, ps.to(1+i, 5).got)
			if !slices.IsSorted(s) {
				t.Errorf("node %d got %v", 1+i, s)
			}
			all = append(all, s...)
		}
		if slices.Sort(all); !slices.Equal(all, []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) || f.lane.Blocked() {
			t.Errorf("sent were %v, and the lane waits: %v", all, f.lane.Blocked())
		}
		w.close()
	}
}

// What waits for several is lost with the last of them, counted and told, and its lane goes on.
func TestSendFirstFails(t *testing.T) {
	w, ps, n := first(t, Config{})
	defer w.close()
	f := w.feeder(n, 9, 5, w.messages(9, 5, 7, 10))
	w.settle()
	for i := range 3 {
		if !f.lane.Blocked() {
			t.Fatalf("the lane goes on when %d of 3 have failed", i)
		}
		n.sw.Call(func() { ps.to(1+i, 5).lane.Fail(ReasonReset) })
		w.settle()
	}
	var lost uint64
	for _, l := range n.Stats().Downstream {
		lost += l.LostMsgs
	}
	if lost != 7 || f.lane.Blocked() {
		t.Errorf("%d of 7 messages are lost, and the lane waits: %v", lost, f.lane.Blocked())
	}
}
