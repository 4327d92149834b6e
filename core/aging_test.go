package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// tells has a node send data, outside of Process.
func (w *world) tells(n *Node, to int, app uint32) {
	n.sw.Call(func() { n.Send(n.NewMsg(wire.TypeData, app, 0), nodeID(to)) })
	w.settle()
}

// bare fails unless a node keeps nothing of lanes and links.
func bare(t tb, n *Node) {
	t.Helper()
	rows := 0
	for _, r := range n.rows() {
		for p := r.head; p != nil; p = p.next {
			rows++
		}
	}
	switch {
	case len(n.links)+len(n.ins.lanes)+rows != 0, n.byPeer.Len()+n.outs.Len()+n.from.Len() != 0, n.ofApps != nil:
		t.Errorf("node %v keeps %d links, %d places of lanes from upstream, %d in rows; %d links by peer, index %v", n.id,
			len(n.links), len(n.ins.lanes), rows, n.byPeer.Len(), n.ofApps)
	case len(n.watch.outs)+len(n.watch.ins)+len(n.telling)+len(n.draining)+len(n.events)+n.due.n+len(n.due.places) != 0:
		t.Errorf("node %v still has something to look at: %+v", n.id, n.watch)
	}
}

// TestIdleLanes: a lane at rest is closed by its sending end after the idle time-out,
// and forgotten after as long again, with its link, at both ends.
func TestIdleLanes(t *testing.T) {
	const idle = time.Minute
	w := newWorld(t, Config{IdleTimeout: idle})
	defer w.close()
	var a, b journal
	n, m := w.recorded(0, &a, nil), w.recorded(1, &b, nil)
	for app := range uint32(3) {
		w.tells(n, 1, app)
	}
	w.pass(idle - time.Second)
	w.tells(n, 1, 2) // this one moves
	w.pass(3 * time.Second)
	up := func() (apps []uint32) {
		for _, l := range n.Stats().Downstream {
			if l.Up {
				apps = append(apps, l.App)
			}
		}
		return apps
	}
	if got := up(); !slices.Equal(got, []uint32{2}) || m.ins.n != 1 {
		t.Fatalf("lanes %v are up, %d at the other end; want that of application 2", got, m.ins.n)
	}
	for _, lines := range [][]string{a.take(), b.take()} {
		ends := slices.DeleteFunc(lines, func(s string) bool { return !strings.HasPrefix(s, "link-down") })
		if len(ends) != 2 {
			t.Errorf("told %q", ends)
		}
	}
	w.pass(3 * idle)
	bare(t, n)
	bare(t, m)
	if len(w.timers) != 0 {
		t.Errorf("timers %v of nodes with nothing to do", w.timers)
	}
	if s := n.Stats(); s.Past.Out.Msgs != 4 || m.Stats().Past.In.Msgs != 4 || s.Lost != (LossStats{}) {
		t.Errorf("the books: %+v, %+v", s.Past, m.Stats().Past)
	}
	w.tells(n, 1, 1)
	if got := up(); !slices.Equal(got, []uint32{1}) {
		t.Errorf("lanes %v are up after another message", got)
	}
}

// TestDeafLanes: the receiving end of a lane whose peer has gone without a word closes
// it by itself, after more than twice the time.
func TestDeafLanes(t *testing.T) {
	const idle = time.Minute
	w := newWorld(t, Config{IdleTimeout: idle})
	defer w.close()
	w.ports(endless)
	var j journal
	n := w.recorded(0, &j, nil)
	f := w.feeder(n, 9, 5, w.messages(9, 5, 2, 10))
	w.pass(10 * time.Second)
	w.tells(n, 1, 1) // its row is shorter: it must not wait for the other's time
	w.pass(idle + 2*time.Second)
	if l := outStats(n, 1, 1); l.Up {
		t.Error("a lane to downstream is open beyond its time, because one from upstream rests")
	}
	w.pass(idle - 10*time.Second)
	if f.lane.Closed() {
		t.Fatal("a lane from upstream was closed before its sender had the time to")
	}
	w.pass(30 * time.Second)
	if !f.lane.Closed() || !slices.Contains(j.lines, "link-down 10.0.0.9:7000/5 upstream: idle, lost 0") {
		t.Fatalf("closed %v; told %q", f.lane.Closed(), j.lines)
	}
	w.pass(2 * idle)
	bare(t, n)
}

// TestIdleTimeoutOfNode: an algorithm sets its own, and it holds for lanes that rest.
func TestIdleTimeoutOfNode(t *testing.T) {
	w := newWorld(t, Config{IdleTimeout: time.Hour})
	defer w.close()
	n := w.node(0, nil)
	w.node(1, nil).SetIdleTimeout(NeverIdle)
	w.tells(n, 1, 1)
	w.pass(time.Minute)
	n.SetIdleTimeout(NeverIdle)
	w.pass(3 * time.Hour)
	if !outStats(n, 1, 1).Up {
		t.Fatal("closed although it should be kept")
	}
	w.tells(n, 1, 1)
	w.pass(5 * time.Second)
	n.SetIdleTimeout(time.Hour)
	w.pass(time.Second)
	n.SetIdleTimeout(10 * time.Second)
	w.pass(10 * time.Second)
	if outStats(n, 1, 1).Up {
		t.Fatal("open beyond the shorter time-out that was set last")
	}
	defer func() {
		if recover() == nil {
			t.Error("SetIdleTimeout(0) is taken")
		}
	}()
	n.SetIdleTimeout(0)
}

// TestPeersComeAndGo: after thousands of peers have come and gone, some in order, some
// refused, some without a word, nothing of them is left, whatever they sent.
func TestPeersComeAndGo(t *testing.T) {
	peers := fewer(10_000)
	w := newWorld(t, Config{IdleTimeout: time.Minute})
	defer w.close()
	var told uint64
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeData:
			n.Send(m, m.From())
		case wire.TypeLinkDown, wire.TypeSendFailed:
			told += m.Link().Lost
		}
		return Done
	})
	gone := make(map[NodeID]bool)
	w.dial = func(l *OutLane) {
		if gone[l.Peer()] {
			l.Fail(ReasonRefused)
			return
		}
		l.Opened(&port{lane: l, room: endless})
	}
	for i := range peers {
		gone[nodeID(i+1)] = i%2 == 0
		f := w.feeder(n, i+1, uint32(i%3), w.messages(i+1, uint32(i%3), 1, 10))
		w.settle()
		if i%4 < 2 {
			f.lane.End(ReasonClosed, nil)
		}
		if i%100 == 0 {
			n.SetWeight(nodeID(i+1), uint32(i%3), 2)
		}
		w.sh.Flush()
	}
	w.pass(10 * time.Minute)
	bare(t, n)
	if len(w.timers) != 0 {
		t.Errorf("%d timers are left", len(w.timers))
	}
	s := n.Stats()
	if s.Past.In.Msgs != uint64(peers) || s.Past.Out.Msgs+s.Lost.OutMsgs != uint64(peers) || told != s.Lost.OutMsgs {
		t.Errorf("%d came: %+v, lost %+v, told %d", peers, s.Past, s.Lost, told)
	}
}

// TestMissedAfterFree: what a peer turns out not to have taken is told and booked even
// if the lane is forgotten by then.
func TestMissedAfterFree(t *testing.T) {
	w := newWorld(t, Config{IdleTimeout: time.Second})
	defer w.close()
	ps := w.ports(endless)
	var j journal
	n := w.recorded(0, &j, nil)
	for range 5 {
		w.tells(n, 1, 1)
	}
	l := ps.to(1, 1).lane
	handed := l.Handed()
	w.pass(10 * time.Second)
	bare(t, n)
	j.take()
	l.Missed(handed, Tally{2, 2 * wire.HeaderSize})
	w.settle()
	sameLines(t, "missed", j.take(), "send-failed 10.0.0.1:7000/1 downstream: reset, lost 3")
	if s := n.Stats(); s.Past.Out != (Tally{2, 2 * wire.HeaderSize}) || s.Lost.OutMsgs != 3 || s.Lost.OutBytes != 3*wire.HeaderSize {
		t.Errorf("the books: %+v, %+v", s.Past, s.Lost)
	}
}

// TestClosedLaneIsNotStalled: the silence of a steady stream's lane that has ended is
// no stall, and the monitor does not keep the lane.
func TestClosedLaneIsNotStalled(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	n := w.recorded(0, &j, nil)
	f := w.feeder(n, 9, 5)
	for range 100 {
		f.give(w.messages(9, 5, 1, 10))
		w.pass(50 * time.Millisecond)
	}
	f.lane.End(ReasonClosed, nil)
	w.settle()
	j.take()
	w.pass(time.Minute)
	sameLines(t, "after its end", j.take())
	bare(t, n)
}

// TestWatchedOnce: a lane that breaks and opens again, time after time between two
// looks of the monitor, is in its list once.
func TestWatchedOnce(t *testing.T) {
	w := newWorld(t, Config{RedialMin: time.Millisecond, RedialMax: time.Millisecond})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, nil)
	for i := range 100 {
		w.tells(n, 1, 1)
		if got := len(n.watch.outs); got != 1 {
			t.Fatalf("after %d connections the monitor has %d entries", i+1, got)
		}
		ps.to(1, 1).lane.Fail(ReasonReset)
		w.pass(2 * time.Millisecond)
	}
}

// TestRows holds the rows of resting lanes to a slow oracle.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places, rows := make([]place, 6), make([]row, 2)
		want := make([][]int, len(rows)) // by row, who is in it
		out := func(i int) {
			for r := range want {
				want[r] = slices.DeleteFunc(want[r], func(k int) bool { return k == i })
			}
		}
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			i, r := rapid.IntRange(0, 5).Draw(t, "place"), rapid.IntRange(0, 2).Draw(t, "row")
			switch {
			case r == 2:
				places[i].leave()
				out(i)
			case !slices.Contains(want[r], i):
				out(i)
				want[r] = append(want[r], i)
				fallthrough
			default: // one that is there already keeps its place
				places[i].join(&rows[r], time.Duration(step))
			}
			for r := range rows {
				var got, back []int
				for p := rows[r].head; p != nil; p = p.next {
					got = append(got, slices.IndexFunc(places, func(q place) bool { return q == *p }))
				}
				for p := rows[r].tail; p != nil; p = p.prev {
					back = append([]int{slices.IndexFunc(places, func(q place) bool { return q == *p })}, back...)
				}
				if fmt.Sprint(got) != fmt.Sprint(want[r]) || fmt.Sprint(back) != fmt.Sprint(want[r]) {
					t.Fatalf("row %d is %v, backwards %v; want %v", r, got, back, want[r])
				}
			}
		}
	})
}

// TestForgedPeers: who answers questions of senders that do not exist keeps nothing of
// them but what is of use: the pauses of the last second or so.
func TestForgedPeers(t *testing.T) {
	const rate, seconds = 1000, 20
	w := newWorld(t, Config{IdleTimeout: time.Minute})
	defer w.close()
	w.dial = func(l *OutLane) { l.Fail(ReasonRefused) }
	told, most := uint64(0), 0
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeLinkDown, wire.TypeSendFailed:
			told += m.Link().Lost
		case testAsk:
			n.Send(n.NewMsg(testAnswer, 0, 100), m.Sender())
		}
		return Done
	})
	f := w.feeder(n, 60_000, 0)
	for i := range seconds * 10 {
		specs := make([]spec, rate/10)
		for k := range specs {
			specs[k] = spec{typ: testAsk, sender: nodeID(i*rate/10 + k + 1), size: 10}
		}
		f.give(w.makeRun(specs...))
		w.pass(100 * time.Millisecond)
		most = max(most, len(n.links))
	}
	if most > 2*rate {
		t.Errorf("%d links of forged senders were kept at once", most)
	}
	w.pass(10 * time.Second)
	if len(n.links) != 0 || told != rate*seconds || n.Stats().Lost.OutMsgs != told {
		t.Errorf("%d links are left, %d of %d losses were told", len(n.links), told, rate*seconds)
	}
}
