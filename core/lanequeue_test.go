package core

import (
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// A lane's own bound holds instead of the configured one, what waits is counted with what
// is queued, and a wider bound lets it in.
func TestLaneQueue(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	w.ports(0) // transports that take nothing
	n := w.node(0, func(*Node, *Msg) Verdict { return Done })
	w.settle()
	dest := nodeID(1)
	if b, m := n.Queued(dest, 5); b != 0 || m != 0 {
		t.Fatalf("a lane that does not exist has %d bytes, %d messages", b, m)
	}
	n.SetLaneQueue(dest, 5, 2)
	n.sw.Call(func() {
		for range 5 {
			n.Send(n.NewMsg(wire.TypeData, 5, 10), dest)
		}
	})
	w.settle()
	if b, m := n.Queued(dest, 5); m != 5 || b != 5*(wire.HeaderSize+10) {
		t.Errorf("%d bytes, %d messages, want 5 of 34", b, m)
	}
	if !n.Full(dest, 5) || n.Full(dest, 6) || n.Full(nodeID(2), 5) {
		t.Error("a lane with messages that wait has room, or one that does not exist has none")
	}
	lane := func() LaneOut { return n.Stats().Downstream[0] }
	if l := lane(); l.QueuedMsgs != 2 || l.Waiting != 3 {
		t.Errorf("%d queued and %d waiting, want 2 and 3", l.QueuedMsgs, l.Waiting)
	}
	n.SetLaneQueue(dest, 5, 0)
	if n.Full(dest, 5) {
		t.Error("a lane with room is full")
	}
	if l := lane(); l.QueuedMsgs != 5 || l.Waiting != 0 {
		t.Errorf("with the default bound %d queued and %d waiting, want 5 and 0", l.QueuedMsgs, l.Waiting)
	}
}

// A discharged message is kept and its lane goes on.
func TestDischarge(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	var held []*Msg
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() != wire.TypeData {
			return Done
		}
		held = append(held, m)
		return Hold
	})
	f := w.feeder(n, 1, 5, w.messages(1, 5, 5, 100))
	w.settle()
	if len(held) != 2 || !f.lane.Blocked() {
		t.Fatalf("%d held, blocked: %v; want 2 and a blocked lane", len(held), f.lane.Blocked())
	}
	for len(held) < 5 {
		for _, m := range held {
			n.Uncharge(m) // again is harmless
		}
		w.settle()
		w.check()
	}
	if n.Held() != 5 || f.lane.heldMsgs != 1 && f.lane.heldMsgs != 2 {
		t.Errorf("%d kept, %d charged", n.Held(), f.lane.heldMsgs)
	}
	for i, m := range held {
		checkPayload(t, m)
		if m.Seq() != uint64(i) {
			t.Errorf("message %d is %d", i, m.Seq())
		}
		n.Release(m)
		w.check()
	}
}
