package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/qos"
)

// Stats is what a node has to say of itself: counters since it started, and what
// waits now. Bytes include headers.
type Stats struct {
	ID         NodeID
	Upstream   []LaneIn  // live lanes from upstream nodes and local sources
	Downstream []LaneOut // lanes to downstream nodes, live or cooling
	Held       int       // messages held or retained by the algorithm
	InRate     float64   // of all links from upstream nodes together, bytes a second of late
	OutRate    float64   // of all links to downstream nodes together
	Lost       LossStats
	Own        OwnStats
	Past       PastLane // what lanes had carried that are forgotten, and not listed above
}

// PastLane is what lanes had carried that have ended: those from upstream nodes and of
// local sources at once, those to downstream nodes once they have been forgotten.
type PastLane struct{ In, Source, Out Tally }

// LaneIn is one upstream lane.
type LaneIn struct {
	From    NodeID // zero for a local source
	App     uint32
	Weight  int
	Msgs    uint64  // switched
	Bytes   uint64  // switched
	Held    int     // messages held, charged to the lane
	Rate    float64 // bytes a second of late; 0 at rest
	Blocked bool    // waits for a downstream queue, for held messages, or for emulated bandwidth
}

// LaneOut is one downstream lane.
type LaneOut struct {
	To          NodeID
	App         uint32
	Up          bool
	SentMsgs    uint64 // taken by the transport
	SentBytes   uint64
	QueuedMsgs  int
	QueuedBytes int
	Rate        float64    // bytes a second of late; 0 at rest
	Kernel      qos.Kernel // what the system knows of the connection; zero in memory
	Waiting     int        // messages that wait for room in the queue
	LostMsgs    uint64
	LostBytes   uint64
	FlyingMsgs  int           // in flight on an emulated link: transmitted, and not due yet
	FlyingBytes int           // likewise
	PipeFull    time.Duration // for how long emul.Link.Pipe has held messages up
	EmulMsgs    uint64        // lost on the emulated link, as it was told to; not in LostMsgs
	EmulBytes   uint64
}

// OwnStats counts the messages that the switch sends and takes itself, so that the
// books balance to the message: the ends and breaks of sessions that it passes on.
type OwnStats struct {
	Sent, Taken uint64
	Lost        uint64 // of Sent, with lanes that failed; not in LossStats
}

// LossStats counts what the node accepted and did not deliver. What came over links and
// what was made here are apart, for the books of a network: what its nodes sent each other
// is what they received and what they lost, and the messages of a source that its
// algorithm never saw were sent by nobody.
type LossStats struct {
	OutMsgs, OutBytes       uint64 // for a downstream that failed, refused or was full
	InMsgs, InBytes         uint64 // received from upstream nodes on lanes that ended before they were switched
	SourceMsgs, SourceBytes uint64 // made by local sources whose lanes ended before they were switched
	EmulMsgs                uint64 // lost on emulated links, as they were told to
	EmulBytes               uint64
}

// UnswitchedMsgs are those of either kind that the algorithm was never shown.
func (s LossStats) UnswitchedMsgs() uint64 { return s.InMsgs + s.SourceMsgs }

// Stats takes a snapshot. It allocates; it is for reports, not for every message.
func (n *Node) Stats() Stats {
	s := Stats{ID: n.id, Held: n.keptCount, Lost: n.lossesPast()}
	s.Own, s.Past = n.own, n.past
	for l := range n.ins.all() {
		if !l.from.IsZero() {
			s.InRate += l.seen.rate.Rate(n.Now(), n.shard.cfg.tick())
		}
		s.Upstream = append(s.Upstream, LaneIn{
			From: l.from, App: l.app, Weight: l.weight, Msgs: l.msgs, Bytes: l.bytes,
			Held: l.heldMsgs, Blocked: l.Blocked(), Rate: l.seen.rate.Rate(n.Now(), n.shard.cfg.tick()),
		})
	}
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			s.Downstream = append(s.Downstream, l.stats())
			s.OutRate += l.seen.rate.Rate(n.Now(), n.shard.cfg.tick())
			n.addLosses(&s.Lost, l)
		}
	}
	return s
}

// Backlog is what waits on one lane to a downstream node, and what the lane has lost
// since it was made.
type Backlog struct {
	To       NodeID
	App      uint32
	Msgs     int           // in the queue and behind an emulated link, and those that wait for room; not in flight
	Lost     uint64        // messages, on the emulated link too
	PipeFull time.Duration // as in LaneOut
}

// Backlogs calls fn for each lane to a downstream node, live or cooling, and returns
// what the node has lost: that part of Stats which a monitor of a large world reads
// often, without allocation.
func (n *Node) Backlogs(fn func(Backlog)) LossStats {
	lost := n.lossesPast()
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			b := Backlog{To: l.peer, App: l.app, Msgs: l.msgs + len(l.over) - l.overHead, Lost: l.lostMsgs + l.emulMsgs}
			if e := l.emulator; e != nil {
				b.Msgs += e.apart.Msgs
				b.PipeFull = e.flight.Full(n.Now())
			}
			fn(b)
			n.addLosses(&lost, l)
		}
	}
	return lost
}

// lossesPast are those of lanes that are no more.
func (n *Node) lossesPast() LossStats {
	return LossStats{OutMsgs: n.gone.outMsgs, OutBytes: n.gone.outBytes, InMsgs: n.gone.in.Msgs, InBytes: n.gone.in.Bytes,
		SourceMsgs: n.gone.source.Msgs, SourceBytes: n.gone.source.Bytes, EmulMsgs: n.gone.emulMsgs, EmulBytes: n.gone.emulBytes}
}

// addLosses adds those of a lane, which an ended node has added to the past ones.
func (n *Node) addLosses(s *LossStats, l *OutLane) {
	if n.state != nodeEnded {
		s.EmulMsgs += l.emulMsgs
		s.EmulBytes += l.emulBytes
		s.OutMsgs += l.lostMsgs
		s.OutBytes += l.lostBytes
	}
}

func (l *OutLane) stats() LaneOut {
	var flying Tally
	var full time.Duration
	var apart emul.Held
	if e := l.emulator; e != nil {
		flying = Tally{Msgs: uint64(e.line.msgs), Bytes: uint64(e.line.bytes)}
		apart = e.apart
		full = e.flight.Full(l.node.Now())
	}
	return LaneOut{
		To: l.peer, App: l.app, Up: l.state == laneOpen,
		SentMsgs: l.sentMsgs, SentBytes: l.sentBytes, Rate: l.seen.rate.Rate(l.node.Now(), l.node.shard.cfg.tick()), Kernel: l.Kernel(),
		QueuedMsgs: l.msgs + apart.Msgs, QueuedBytes: l.bytes + apart.Bytes, Waiting: len(l.over) - l.overHead,
		LostMsgs: l.lostMsgs, LostBytes: l.lostBytes,
		FlyingMsgs: int(flying.Msgs), FlyingBytes: int(flying.Bytes), PipeFull: full,
		EmulMsgs: l.emulMsgs, EmulBytes: l.emulBytes,
	}
}

// Received is how many messages the node has switched from one upstream and
// application on the lane that is open now.
func (n *Node) Received(from NodeID, app uint32) uint64 {
	if !from.IsZero() {
		if l := n.inLane(from, app); l != nil {
			return l.msgs
		}
		return 0
	}
	for l := range n.ofApp(app) {
		if l.from == from {
			return l.msgs
		}
	}
	return 0
}

// Upstreams calls fn for each live upstream node of an application, in the order
// in which they came.
func (n *Node) Upstreams(app uint32, fn func(from NodeID)) {
	for l := range n.ofApp(app) {
		if !l.from.IsZero() {
			fn(l.from)
		}
	}
}

// Congested reports whether an upstream lane of an application waits at the node
// for a downstream queue or for held messages: more of it would only wait too.
func (n *Node) Congested(app uint32) bool {
	for l := range n.ofApp(app) {
		if l.Blocked() {
			return true
		}
	}
	return false
}
