package core

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Reports of throughput (paper, section 2.2: UpThroughput and its kin). An
// algorithm that asks for them gets one message a link and direction at its
// interval, as long as something moves; nobody else pays for them.

// MinReport is the shortest interval of reports.
const MinReport = time.Millisecond

// reportTimer is the timer of reports.
const reportTimer = monitorTimer | 1

// ReportEvery asks for an UpThroughput message for each link from an upstream and a
// DownThroughput message for each link to a downstream, at this interval, while
// there is something to report. 0 ends that. It panics below MinReport.
func (n *Node) ReportEvery(interval time.Duration) {
	if interval != 0 && interval < MinReport {
		panic(fmt.Sprintf("core: ReportEvery(%v): want 0 or at least %v", interval, MinReport))
	}
	n.reporter.every = interval
	if interval == 0 {
		n.shard.rt.StopTimer(&n.sw, reportTimer)
		n.reporter.on = false
		return
	}
	n.mark(n.Now())
	n.reporter.arm(n)
}

// reporter is a node's reports.
type reporter struct {
	every time.Duration // 0: off
	last  time.Duration // when counters were marked
	on    bool          // its timer is set
}

func (r *reporter) arm(n *Node) {
	if r.every > 0 && !r.on && n.state < nodeEnded {
		r.on, r.last = true, n.Now() // nothing has moved since it was off
		n.shard.rt.SetTimer(&n.sw, n.Now()+r.every, reportTimer)
	}
}

// Throughput is what an UpThroughput or DownThroughput message says of a link, all
// its lanes together.
type Throughput struct {
	Peer      NodeID
	Direction Direction
	Interval  time.Duration // that Msgs and Bytes are of
	Msgs      uint64        // switched, or taken by the transport
	Bytes     uint64        // headers included
	LostMsgs  uint64        // to failures, since the link began
	LostBytes uint64
	Queued    int           // messages that wait, as Node.Queued counts them, or are held
	RTT       time.Duration // of the connection that was open last; 0 if the system does not tell, as in memory
	Retrans   uint64        // segments sent again, on connections that are open
	Delivery  uint64        // the system's estimate of the delivery rate, bytes a second; 0 likewise
}

// Rate is the throughput in bytes a second.
func (t Throughput) Rate() float64 {
	if t.Interval <= 0 {
		return 0
	}
	return float64(t.Bytes) / t.Interval.Seconds()
}

const throughputSize = 9 * 8

// put writes the report as a message's payload; the peer is the message's sender.
func (t *Throughput) put(p []byte) {
	for i, v := range [...]uint64{uint64(t.Interval), t.Msgs, t.Bytes, t.LostMsgs, t.LostBytes,
		uint64(t.Queued), uint64(t.RTT), t.Retrans, t.Delivery} {
		binary.BigEndian.PutUint64(p[8*i:], v)
	}
}

// Throughput reads an UpThroughput or DownThroughput message. It panics for messages
// of any other type.
func (m *Msg) Throughput() Throughput {
	if m.Type() != wire.TypeUpThroughput && m.Type() != wire.TypeDownThroughput {
		panic("core: Throughput of a message that is no report of it: " + m.Type().String())
	}
	_, dir := m.Params()
	p := m.Payload()
	field := func(i int) uint64 { return binary.BigEndian.Uint64(p[8*i:]) }
	return Throughput{
		Peer: m.Sender(), Direction: Direction(dir), Interval: time.Duration(field(0)),
		Msgs: field(1), Bytes: field(2), LostMsgs: field(3), LostBytes: field(4), Queued: int(field(5)),
		RTT: time.Duration(field(6)), Retrans: field(7), Delivery: field(8),
	}
}

// report posts the reports that are due.
func (n *Node) report() {
	r := &n.reporter
	r.on = false
	now := n.Now()
	interval := now - r.last
	moved := false
	for _, t := range append(n.upReports(), n.downReports()...) {
		if t.Msgs == 0 && t.Queued == 0 {
			continue // nothing to report
		}
		moved = true
		t.Interval = interval
		typ := wire.TypeUpThroughput
		if t.Direction == Downstream {
			typ = wire.TypeDownThroughput
		}
		n.post(event{typ: typ, peer: t.Peer, dir: t.Direction, through: &t})
	}
	n.mark(now)
	if moved || n.watch.on {
		r.arm(n)
	} // else what moves next sets both timers
}

// mark remembers the counters of now.
func (n *Node) mark(now time.Duration) {
	n.reporter.last = now
	for l := range n.ins.all() {
		l.reported = Tally{l.msgs, l.bytes}
	}
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			l.reported = Tally{l.sentMsgs, l.sentBytes}
		}
	}
}

// upReports adds up the lanes of each upstream node, in the order in which they came.
func (n *Node) upReports() (ts []Throughput) {
	at := make(map[NodeID]int) // place in ts
	for l := range n.ins.all() {
		if l.from.IsZero() {
			continue // a source is no link
		}
		i, begun := at[l.from]
		if !begun {
			i = len(ts)
			at[l.from] = i
			ts = append(ts, Throughput{Peer: l.from, Direction: Upstream})
		}
		t := &ts[i]
		d := Tally{l.msgs, l.bytes}.minus(l.reported)
		t.Msgs, t.Bytes = t.Msgs+d.Msgs, t.Bytes+d.Bytes
		t.Queued += l.heldMsgs
	}
	return ts
}

func (n *Node) downReports() (ts []Throughput) {
	for _, lk := range n.links {
		t := Throughput{Peer: lk.peer, Direction: Downstream}
		for _, l := range lk.lanes {
			d := Tally{l.sentMsgs, l.sentBytes}.minus(l.reported)
			t.Msgs, t.Bytes = t.Msgs+d.Msgs, t.Bytes+d.Bytes
			t.LostMsgs, t.LostBytes = t.LostMsgs+l.lostMsgs, t.LostBytes+l.lostBytes
			_, waiting := l.waiting()
			t.Queued += waiting
			k := l.Kernel()
			t.Retrans += k.Retrans
			t.Delivery = max(t.Delivery, k.Rate)
			if k.RTT > 0 {
				t.RTT = k.RTT
			}
		}
		ts = append(ts, t)
	}
	return ts
}
