package core

import (
	"slices"
	"time"
)

// check states what must hold between any two steps of a world.
func (w *world) check() {
	w.t.Helper()
	for _, n := range w.nodes {
		w.checkIndex(n)
		w.checkIns(n)
		w.checkOuts(n)
		w.checkKept(n)
		w.checkPulls(n)
	}
	if w.sh.made != nil {
		w.t.Fatalf("a message made in a call has outlived the call")
	}
	if w.sh.batch.node != nil || w.sh.batch.run.Slab != nil {
		w.t.Fatalf("a batch has outlived the call that it was shown in")
	}
	if w.sh.cur != nil {
		w.t.Fatalf("a lane counts as being served between two steps")
	}
	free := make(map[*Msg]bool)
	for m := w.sh.free; m != nil; m = m.next {
		if m.state != msgFree || free[m] || m == w.sh.one {
			w.t.Fatalf("the free list holds a message that is in use, or one twice")
		}
		free[m] = true
	}
}

func (w *world) checkIns(n *Node) {
	w.t.Helper()
	listed := make(map[*InLane]bool)
	var last uint64
	for l := n.active.head; l != nil; l = l.next {
		if listed[l] || !l.active || l.closed || l.Blocked() || l.slab == nil || l.ticket <= last {
			w.t.Fatalf("node %v: the round holds a lane that does not belong there (ticket %d after %d)", n.id, l.ticket, last)
		}
		listed[l], last = true, l.ticket
	}
	if len(listed) != n.active.n {
		w.t.Fatalf("node %v: the round says it has %d lanes and has %d", n.id, n.active.n, len(listed))
	}
	if n.active.n > 0 && !n.queued && n.state != nodeEnded {
		w.t.Fatalf("node %v has lanes to serve and is not ready", n.id)
	}
	waiting := make(map[*InLane]int)
	for _, lk := range n.links {
		for _, out := range lk.lanes {
			for _, o := range out.over[out.overHead:] {
				if o.owner != nil {
					waiting[o.owner]++
				}
			}
			first := ^uint64(0)
			for _, p := range out.parked {
				waiting[p.in]++
			}
			for _, o := range out.over[out.overHead:] {
				if o.owner != nil {
					first = min(first, o.next)
				}
			}
			if len(out.parked) > 0 && first > out.round && !n.queued {
				w.t.Fatalf("lane to %v keeps %d upstream lanes waiting, and for nothing", out.peer, len(out.parked))
			}
		}
	}
	for l := range n.ins.all() {
		if l.throttled {
			waiting[l]++
			if !l.flow.Waiting() || l.credit > 0 {
				w.t.Fatalf("node %v: lane from %v waits for credit, and nobody knows", n.id, l.from)
			}
		}
		if l.closed || l.active != listed[l] {
			w.t.Fatalf("node %v: lane from %v active %v, listed %v, closed %v", n.id, l.from, l.active, listed[l], l.closed)
		}
		if l.blocked != waiting[l] {
			w.t.Fatalf("node %v: lane from %v waits for %d messages, %d wait", n.id, l.from, l.blocked, waiting[l])
		}
		if l.slab != nil && !l.active && !l.Blocked() {
			w.t.Fatalf("node %v: lane from %v has frames and nobody serves it", n.id, l.from)
		}
		if l.slab == nil && l.ending != ReasonNone {
			w.t.Fatalf("node %v: a drained lane from %v is still ending", n.id, l.from)
		}
	}
}

func (w *world) checkOuts(n *Node) {
	w.t.Helper()
	cfg := n.shard.cfg
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			bytes, msgs := 0, 0
			for _, q := range l.queues() {
				bytes -= int(q.cut)
				for i := range q.len() {
					bytes += int(q.at(i).Len)
					msgs += int(q.at(i).Msgs)
				}
			}
			w.checkWay(l)
			if l.emulator != nil {
				bytes -= l.emulator.apart.Bytes
				msgs -= l.emulator.apart.Msgs
			}
			over := len(l.over) - l.overHead
			switch {
			case bytes != l.bytes || msgs != l.msgs:
				w.t.Fatalf("lane to %v says %d bytes, %d messages, and has %d, %d", l.peer, l.bytes, l.msgs, bytes, msgs)
			case msgs > cfg.QueueMsgs:
				w.t.Fatalf("lane to %v has %d messages, the bound is %d", l.peer, msgs, cfg.QueueMsgs)
			case bytes >= cfg.QueueBytes+cfg.MaxPayload+64:
				w.t.Fatalf("lane to %v has %d bytes, the bound is %d", l.peer, bytes, cfg.QueueBytes)
			case over > 0 && !l.full():
				w.t.Fatalf("lane to %v has room, and %d messages wait for it", l.peer, over)
			case l.overMsgs > cfg.OverflowMsgs+1: // and a broken source
				w.t.Fatalf("lane to %v keeps %d made messages, the bound is %d", l.peer, l.overMsgs, cfg.OverflowMsgs)
			case l.state > laneOpen && (l.q.n > 0 || over > 0):
				w.t.Fatalf("lane to %v is down and has messages", l.peer)
			case cap(l.over) > 64+8*over+2*cfg.OverflowMsgs && cap(l.over) > 16*n.ins.n:
				w.t.Fatalf("lane to %v keeps room for %d waiting messages and has %d", l.peer, cap(l.over), over)
			}
		}
	}
}

// checkPulls: a hook with something to send is to be asked, or waits for something that
// will have it asked.
func (w *world) checkPulls(n *Node) {
	w.t.Helper()
	listed := make(map[supplier]int)
	for _, who := range w.sh.sources {
		listed[who]++
	}
	for _, lk := range n.links {
		for _, p := range lk.pulls {
			want, l := "", p.lane
			switch {
			case p.fn == nil || l != n.outLane(lk.peer, p.app):
				want = "has ended, or does not know its lane"
			case p.listed != (listed[p] == 1):
				want = "is in the list, or says so"
			case p.listed || !p.wants || n.state != nodeRunning:
			case l == nil, l.state == laneDialling && l.empty() && !l.draining:
				want = "may open its lane and is not asked"
			case l.state == laneCooling && (l.retryAt <= w.now || !p.pausing || n.pulls.armed > l.retryAt || n.pulls.armed == 0):
				want = "waits for a pause that nobody ends"
			case l.state != laneOpen || l.draining:
			case l.overHead == len(l.over) && !l.full():
				want = "has room and is not asked"
			case !p.inRow || p.ahead > len(l.over)-l.overHead:
				want = "waits for a turn that does not come"
			}
			if want != "" {
				w.t.Fatalf("node %v: the hook of application %d to %v %s: %+v", n.id, p.app, lk.peer, want, *p)
			}
		}
	}
}

func (w *world) checkKept(n *Node) {
	w.t.Helper()
	msgs, bytes, count := make(map[*InLane]int), make(map[*InLane]int), 0
	for m := n.kept; m != nil; m = m.next {
		count++
		if m.state == msgHeld && m.lane != nil {
			msgs[m.lane]++
			bytes[m.lane] += len(m.frame)
		}
	}
	if count != n.keptCount || n.Held() != count {
		w.t.Fatalf("node %v says it keeps %d messages and keeps %d", n.id, n.keptCount, count)
	}
	for l := range n.ins.all() {
		if l.heldMsgs != msgs[l] || l.heldBytes != bytes[l] {
			w.t.Fatalf("lane from %v is charged %d messages, %d bytes, and %d, %d are held", l.from, l.heldMsgs, l.heldBytes, msgs[l], bytes[l])
		}
	}
}

// queues are where a lane's messages wait: before the emulated link and behind it.
func (l *OutLane) queues() []*sendQueue {
	if l.emulator == nil {
		return []*sendQueue{&l.q}
	}
	return []*sendQueue{&l.q, &l.emulator.out}
}

func (w *world) checkWay(l *OutLane) {
	w.t.Helper()
	if l.emulator == nil {
		return
	}
	e := l.emulator
	outBytes, outMsgs, lineBytes, lineMsgs := -int(e.out.cut), 0, 0, 0
	for i := range e.out.len() {
		outBytes += int(e.out.at(i).Len)
		outMsgs += int(e.out.at(i).Msgs)
	}
	last := time.Duration(0)
	for i := range e.line.n {
		f := e.line.at(i)
		lineBytes += int(f.run.Len)
		lineMsgs += int(f.run.Msgs)
		if f.at < last {
			w.t.Fatalf("lane to %v: a message on the way would overtake another", l.peer)
		}
		last = f.at
	}
	if outBytes != e.outBytes || outMsgs != e.outMsgs || lineBytes != e.line.bytes || lineMsgs != e.line.msgs {
		w.t.Fatalf("emulated link to %v says %d bytes, %d messages at its end and %d, %d on it, and has %d, %d, %d, %d",
			l.peer, e.outBytes, e.outMsgs, e.line.bytes, e.line.msgs, outBytes, outMsgs, lineBytes, lineMsgs)
	}
	lines := l.node.pace.lines
	if (e.line.n > 0) != (e.pos > 0) || e.pos > 0 && lines[e.pos-1] != (waitingLine{e.line.due(), e}) {
		w.t.Fatalf("emulated link to %v has %d runs on it, and its place among those that wait is %d", l.peer, e.line.n, e.pos)
	}
	for i := range lines {
		if i > 0 && lines.less(i, (i-1)/2) {
			w.t.Fatalf("the emulated link to %v is looked at after one on which something is due later", lines[i].e.lane.peer)
		}
	}
}

// checkIndex holds the list of lanes from upstream, its index, and their quanta to a
// walk over all.
func (w *world) checkIndex(n *Node) {
	w.t.Helper()
	count, heaviest := 0, 1
	byApp := make(map[uint32][]*InLane)
	for i, l := range n.ins.lanes {
		if l == nil {
			continue
		}
		if l.place != i {
			w.t.Fatalf("node %v: the lane from %v is in place %d and thinks in %d", n.id, l.from, i, l.place)
		}
		if got := n.inLane(l.from, l.app); !l.from.IsZero() && got != l {
			w.t.Fatalf("node %v: the lane from %v is not found", n.id, l.from)
		}
		count++
		heaviest = max(heaviest, l.weight)
		byApp[l.app] = append(byApp[l.app], l)
	}
	control := 0 // whose lanes are in no chain
	if byApp[0] != nil {
		control = 1
	}
	if count != n.ins.n || len(n.ins.lanes) > 2*count+1 || n.ofApps != nil && len(n.ofApps) != len(byApp)-control {
		w.t.Fatalf("node %v: %d lanes in a list of %d says %d, index %v", n.id, count, len(n.ins.lanes), n.ins.n, n.ofApps)
	}
	for app, want := range byApp {
		var got []*InLane
		for l := range n.ofApp(app) {
			got = append(got, l)
		}
		if !slices.Equal(got, want) {
			w.t.Fatalf("node %v: %d lanes of application %d, want %d, in the order in which they came", n.id, len(got), app, len(want))
		}
	}
	if heaviest != n.heaviest && n.state != nodeEnded {
		w.t.Fatalf("node %v: the heaviest lane weighs %d, not %d", n.id, heaviest, n.heaviest)
	}
	for l := range n.ins.all() {
		if want := max(1, n.shard.cfg.Quantum*l.weight/heaviest); l.quantum != want {
			w.t.Fatalf("node %v: a lane of weight %d has a quantum of %d, not %d", n.id, l.weight, l.quantum, want)
		}
	}
}
