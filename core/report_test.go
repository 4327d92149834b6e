package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/qos"
	"github.com/ioverlay/ioverlay/core/wire"
)

// TestReports: an algorithm that asks gets one report a link and direction at its
// interval, with all lanes of the link together, while there is something to tell;
// the sum is what went over the link.
func TestReports(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	p := &metered{k: qos.Kernel{RTT: time.Millisecond, Retrans: 2, Rate: 5000}}
	w.dial = func(l *OutLane) {
		p.port = &port{lane: l, room: endless}
		l.Opened(p)
	}
	forward := relay(1)
	var lines []string
	sum := make(map[Direction]uint64)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeStarted:
			n.ReportEvery(time.Second)
		case wire.TypeUpThroughput, wire.TypeDownThroughput:
			th := m.Throughput()
			sum[th.Direction] += th.Msgs
			lines = append(lines, fmt.Sprintf("%v: %v %v %d msgs in %v, %.0f B/s, rtt %v, retrans %d, delivery %d",
				w.now, th.Direction, th.Peer, th.Msgs, th.Interval, th.Rate(), th.RTT, th.Retrans, th.Delivery))
		}
		return forward(n, m)
	})
	w.settle()
	w.pass(5 * time.Second)
	if len(lines) != 0 || len(w.timers) != 0 {
		t.Fatalf("nothing has moved: %q, %d timers", lines, len(w.timers))
	}
	a, b := w.feeder(n, 9, 5), w.feeder(n, 9, 6)
	for range 10 {
		a.give(w.messages(9, 5, 2, 6))
		b.give(w.messages(9, 6, 1, 6))
		w.pass(100 * time.Millisecond)
	}
	w.pass(time.Hour)
	if sum[Upstream] != 30 || sum[Downstream] != 30 || len(w.timers) != 0 {
		t.Errorf("reported %v, %d timers left:\n%v", sum, len(w.timers), lines)
	}
	want := []string{
		"6s: upstream 10.0.0.9:7000 30 msgs in 1s, 900 B/s, rtt 0s, retrans 0, delivery 0",
		"6s: downstream 10.0.0.1:7000 30 msgs in 1s, 900 B/s, rtt 1ms, retrans 4, delivery 5000",
	}
	if len(lines) != 2 || !slices.Equal(lines, want) {
		t.Errorf("reports %q, want %q", lines, want)
	}
	n.ReportEvery(0)
	a.give(w.messages(9, 5, 2, 6))
	w.pass(time.Minute)
	if len(lines) != 2 {
		t.Errorf("reports that nobody wants: %q", lines[2:])
	}
}

// A report's Queued is what Node.Queued says, wherever on an emulated link it waits: in the
// queue, in flight, or at the far end.
func TestReportsCountWhatIsOnTheLink(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(0)
	var got []int
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeStarted:
			n.ReportEvery(time.Second)
		case wire.TypeDownThroughput:
			_, msgs := n.Queued(nodeID(1), 5)
			if th := m.Throughput(); th.Queued != msgs {
				t.Errorf("at %v: %d queued, the report says %d", w.now, msgs, th.Queued)
			}
			got = append(got, msgs)
		}
		return Done
	})
	n.SetLink(nodeID(1), emul.Link{Latency: 1500 * time.Millisecond})
	w.settle()
	n.sw.Call(func() {
		for range 7 {
			n.Send(n.NewMsg(wire.TypeData, 5, 10), nodeID(1))
		}
	})
	w.pass(3500 * time.Millisecond)
	if len(got) < 3 || got[0] != 7 || got[2] != 7 {
		t.Errorf("reported %v queued, want 7 in flight and 7 at the far end", got)
	}
	ps.to(1, 5).give(endless)
	w.run()
}
