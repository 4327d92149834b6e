// Package algos holds what algorithms have in common, [Base] (the paper's
// iAlgorithm, section 2.2), and, a folder each, the algorithms that come with
// iOverlay. docs/algorithm.md is the tutorial.
//
// Rooms:
//
//	base.go         Base, and what it does with each type of message
//	trust.go        whom a node obeys, and whom it answers
//	hosts.go        KnownHosts and the boot message
//	disseminate.go  gossip, and which messages were seen before
//	session.go      join, leave, announce, the source of a session
//	query.go        looking for a member of a session
//	status.go       status reports
//	measure.go      latency and bandwidth to any node, on request
//	train.go        the trains of messages that measure bandwidth
//	bandwidth.go    orders to change emulated bandwidth, and weights
//	delta.go        reports that say what has changed
//	shared.go       reports of all nodes of a process together
//	observers.go    what a node says of itself to its observers, and how it finds them again
//	codec.go        CBOR payloads of control messages
//	pack/           compact payloads
//	kit.go          messages with compact payloads
//	timers.go       timers that call functions (timername.go says which)
//	handlers.go     functions for types of messages
//	call.go         requests to other nodes, and what becomes of them (calls.go)
//	answer.go       answers to requests
//	quota.go        how much is open for others
//	rounds.go       what is done again and again
//	sample.go       random hosts
//	view.go         bounded lists of nodes
//	recent.go       the newest messages, and which are new
//	recentstream.go their streams, and the order in which they came
//	telling.go      telling a peer of all that is kept
//	wants.go        messages that others have announced
//	gather.go       what is sent together
//	bits.go         sets of small numbers
//	pieces.go       pieces of one thing, from peers that have some
//	offer.go        data to those who have room for it
//	facts.go        what the nodes of a group know of each other
//	factpull.go     how they come to agree on it (nodeindex.go finds them)
//	limits.go       every limit, with its reason
//
// Base obeys commands from its observer and from its own node only (trust.go).
// Everything else it takes from anybody, as the paper does. What it does not do is
// break: a payload that makes no sense is counted in BadMessages and changes nothing.
package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Base is the generic base of an algorithm: embed it by value, and it gives every
// message a default behaviour. The zero value is ready. It is owned by its node's
// loop, fields included.
//
// Go does not call back from an embedded struct into the one around it, so there
// are two ways to change a default, and no third:
//
//   - handle the message's type in your own Process. Call Base.Process(m) there
//     too if the default shall happen as well, before or after;
//   - set one of the hook fields below, where the default asks a question.
type Base struct {
	*core.Node

	// Observer, if set, is the node that is told of this one when it starts, gets its
	// Tracef lines, and is the only other one whose commands are obeyed: deploy,
	// terminate-source, terminate-node, join, leave, set-bandwidth, set-weight and boot-reply. What
	// counts is the link that they come on (Trusted), not the sender in their headers.
	Observer core.NodeID

	// Watchers are observers beside it: they are told, get Tracef lines and status reports,
	// and are not obeyed.
	Watchers []core.NodeID

	// Reports, if set, is what the node's reports and lines go through instead of links of its own to
	// the observers (package observer/report).
	Reports Reports

	// BootPause bounds how long the node waits before it tells an observer again that was lost; 0 means 5 s,
	// for thousands may wait for the same one.
	BootPause time.Duration

	// About is what the node says of itself in its status reports.
	About About

	// Usage, if set, is asked for what the node's process has used, for its status reports.
	// Algorithms cannot know; whoever runs the node does (package observer/report).
	Usage func() StatusProcess

	// Deploy starts a source of an application when the observer asks for it. The
	// parameters are valid until it returns. With nil, the message counts as
	// unhandled and the observer gets a trace line.
	Deploy func(app uint32, params []byte)

	// OnJoin and OnLeave are called after the node has joined or left a session.
	OnJoin, OnLeave func(app uint32)

	// OnRefused is told what was refused (Refused) when there is a trace line about it:
	// the first time, and then every ten seconds at most.
	OnRefused func(Refusal)

	// Member decides whether the node can take others into a session, and so
	// answers queries for it. With nil, those do that have joined the session or
	// have announced it.
	Member func(app uint32) bool

	// Extra is what the algorithm adds to a status report: anything that CBOR can
	// hold. It panics if it cannot.
	Extra func() any

	hosts    hostList
	sessions []session // by application
	probing  probing   // measurements under way
	seen     *seenSet  // nil until something was seen
	number   uint32    // of the last message that this node numbered; 0 means none yet

	kit *kit // timers with functions, handlers, calls; nil until it is used

	consumed  uint64
	unhandled uint64
	bad       uint64
	unposted  uint64
	refused   refusals
	answers   bound        // of answers to nodes that are not the other end of a link
	reports   bound        // of answers to an observer that may be somebody else
	past      *pastReports // nil until there was one that somebody keeps
	boots     boots        // what observers are to be told again
	passed    bound        // of announcements and queries
	copies    bound        // that were made of them
}

// Bind implements core.Algorithm.
func (b *Base) Bind(n *core.Node) {
	b.Node = n
	b.RemoveHost(n.ID()) // it may have been added when nobody knew
}

// Consumed is how many data messages reached the default behaviour, which is to
// consume them.
func (b *Base) Consumed() uint64 { return b.consumed }

// Unhandled is how many messages there were that neither the algorithm nor Base
// had a use for: unknown types, timers that nobody asked for, and so on.
func (b *Base) Unhandled() uint64 { return b.unhandled }

// BadMessages is how many control messages made no sense, or went beyond a limit
// of this package. Nothing else was done about them.
func (b *Base) BadMessages() uint64 { return b.bad }

// Process does the default for every type of message (paper, section 2.3). Data
// is consumed. It always returns core.Done.
func (b *Base) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		b.consumed++
		if b.kit != nil {
			b.handle(m)
		}
		return core.Done
	}
	b.control(m)
	return core.Done
}

// control is the default for everything but data.
func (b *Base) control(m *core.Msg) {
	t := m.Type()
	if command(t) && !b.Trusted(m) {
		b.refuse(m)
		return
	}
	switch t {
	case wire.TypeStarted:
		b.boot()
	case wire.TypeStopping:
		if b.Reports != nil {
			b.Reports.End(b.ID())
		}
	case wire.TypeTimer:
		b.timer(m)
	case wire.TypeLinkUp:
		b.linkUp(m.Link())
		b.observerCame(m.Link())
	case wire.TypeLinkDown:
		b.linkDown(m.Link())
		b.callsLost(m.Link())
	case wire.TypeSendFailed:
		b.observerLost(m.Link())
		b.callsLost(m.Link())
	case wire.TypeBootReply:
		b.bootReply(m)

	case wire.TypeRequest:
		b.report(m)
	case wire.TypePing:
		b.pong(m)
	case wire.TypePong:
		b.ponged(m)
	case wire.TypeProbe:
		b.probed(m)
	case wire.TypeProbeReport:
		b.probeReported(m)
	case wire.TypeAnswer:
		b.callAnswered(m)
	case wire.TypeTerminateNode:
		b.Stop()
	case wire.TypeSetBandwidth:
		b.setBandwidth(m)
	case wire.TypeSetWeight:
		b.setWeight(m)

	case wire.TypeDeploy, wire.TypeTerminateSource, wire.TypeJoin, wire.TypeLeave,
		wire.TypeBrokenSource, wire.TypeSessionEnd, wire.TypeSourceEnd,
		wire.TypeAnnounce, wire.TypeQuery, wire.TypeQueryAck:
		if app := SessionOf(m); app != 0 {
			b.sessionMessage(m, app)
		} else {
			b.bad++ // names no session
		}

	case wire.TypeLinkStalled, wire.TypeLinkRecovered,
		wire.TypeUpThroughput,
		wire.TypeDownThroughput, wire.TypeMeasured, wire.TypeWorldUp, wire.TypeDeadlock:
		// Events that concern only an algorithm that wants them.

	default:
		if !b.handle(m) {
			b.unhandled++
		}
		return
	}
	if t.Local() && t != wire.TypeTimer || t == wire.TypeBrokenSource || t == wire.TypeSessionEnd {
		b.handle(m)
	}
}

// sessionMessage is the default for what concerns one session.
func (b *Base) sessionMessage(m *core.Msg, app uint32) {
	switch m.Type() {
	case wire.TypeDeploy:
		b.deploy(m, app)
	case wire.TypeTerminateSource:
		b.StopSource(app)
	case wire.TypeJoin:
		b.Join(app)
	case wire.TypeLeave:
		b.Leave(app)
	case wire.TypeBrokenSource, wire.TypeSessionEnd:
		b.forgetSource(app)
	case wire.TypeSourceEnd:
		b.sourceEnd(app)
	case wire.TypeAnnounce:
		b.announced(m, app)
	case wire.TypeQuery:
		b.queried(m)
	case wire.TypeQueryAck:
		b.answered(m, app)
	}
}

// timer looks for Base's own timers. All others belong to the algorithm, which
// has not handled this one.
func (b *Base) timer(m *core.Msg) {
	if m.TimerID() == bootTimer {
		b.bootDue()
		return
	}
	if m.TimerID() == reportTimer {
		b.shareReport()
		return
	}
	if m.TimerID() == measureTimer {
		b.measureTimedOut()
		return
	}
	if m.TimerID() == kitTimer {
		b.fire()
		return
	}
	if !b.handle(m) {
		b.unhandled++
	}
}

// deploy starts an application's source (paper, section 2.2, The Observer).
func (b *Base) deploy(m *core.Msg, app uint32) {
	if b.Deploy != nil {
		b.Deploy(app, m.Payload())
		return
	}
	b.unhandled++
	b.Tracef("no application to deploy")
}

// pong sends a ping back to where it came from, for the application that it came for.
func (b *Base) pong(m *core.Msg) {
	if !b.canReach(m.From()) || len(m.Payload()) > b.capacity() {
		b.bad++
		return
	}
	if !b.mayAnswer(m, len(m.Payload())) {
		return
	}
	r := b.newFilled(wire.TypePong, m.App(), m.Payload())
	r.SetSeq(m.Seq())
	b.Send(r, m.From())
}

// canReach reports whether an ID, which may come from a peer, can be another node's.
func (b *Base) canReach(id core.NodeID) bool {
	return (b.Node == nil || id != b.ID()) && id.Dialable()
}
