package algos

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Whom a node obeys, and whom it answers.
//
// A message names two nodes: its Sender, which is written in its header, so anybody can
// write anything there, and From, the other end of the link that it came on. Links are
// not authenticated either (docs/wire.md), but a hello is said once a connection, and
// what is answered goes to where that hello says. So every decision here is by From:
//
//	command   obeyed if it was made at this node, or comes on the observer's own link
//	question  answered to the other end of its link; no third node hears of it. A hello
//	          can be forged, so if the link does not show that its other end is where it
//	          says (core.Msg.Proven), no answer is longer than its question, and answers
//	          are bounded in rate
//	query     the exception, since it comes over others: answers to askers that are
//	          not the other end of the link are bounded in rate
//	answer    to a query taken only from the member that says so itself
//	announce  passed on to known hosts only, and bounded in rate and in copies; queries
//	          too
//	hosts     made known by the observer and by this node, or anybody could have all that
//	          is passed on go to whomever he likes

// Trusted reports whether the node obeys a command that comes as this message: one made
// at this node (by itself, by its runtime, or by an application in its process), or one
// that came on a link from the Observer. The message's Sender does not matter, since it
// can be forged. A clone counts as made here: ask before cloning.
func (b *Base) Trusted(m *core.Msg) bool {
	from := m.From()
	return from.IsZero() || from == b.Observer
}

// Refused is how many messages were not acted on because of where they came from:
// commands that did not come from the observer, answers to queries in the name of
// others, and answers and announcements for third nodes beyond their bounds.
func (b *Base) Refused() uint64 { return b.refused.count }

// refusals counts what was refused, and says so now and then.
type refusals struct {
	count uint64
	told  uint64        // of them, what was told
	next  time.Duration // when there may be another line
}

// command reports whether a type orders a node to do something that only its observer
// and itself may ask for.
func command(t core.Type) bool {
	switch t {
	case wire.TypeBootReply, wire.TypeDeploy, wire.TypeTerminateSource, wire.TypeTerminateNode,
		wire.TypeJoin, wire.TypeLeave, wire.TypeSetBandwidth, wire.TypeSetWeight:
		return true
	}
	return false
}

// refuse counts a message that is not acted on. A peer that repeats itself must not
// fill a log, so there is a line at once, and then one each refusalPause at most.
func (b *Base) refuse(m *core.Msg) {
	r := &b.refused
	r.count++
	now := b.Now()
	if now < r.next {
		return
	}
	r.next = now + refusalPause
	news := r.count - r.told
	r.told = r.count
	b.Tracef("refused %v", Refusal{Type: m.Type(), From: m.From(), Count: news})
	if b.OnRefused != nil {
		b.OnRefused(Refusal{Type: m.Type(), From: m.From(), Count: news})
	}
}

// Refusal is what a node has refused since it last said so.
type Refusal struct {
	Type  core.Type   // of the last message
	From  core.NodeID // the link that it came on
	Count uint64      // of messages, the last one included
}

// String says it in words.
func (r Refusal) String() string {
	why := "which is not the observer"
	switch {
	case r.Type == wire.TypeQueryAck:
		why = "which is not its sender"
	case question(r.Type):
		why = "which has not shown that it is at that address"
	case r.Type == wire.TypeAnswer:
		why = "which was not asked"
	case !command(r.Type):
		why = "for others, of which there are too many"
	}
	return fmt.Sprintf("%v from %v, %s (%d refused since the last such line)", r.Type, r.From, why, r.Count)
}

// bound lets so many things happen at once and so many a second in the long run.
type bound struct {
	due time.Duration // when all that has happened would have, at the rate
}

// take reports whether one more may happen now.
func (k *bound) take(now time.Duration, atOnce int, perSecond int) bool {
	return k.takeAll(now, 1, atOnce, perSecond)
}

// takeAll reports whether n more may happen now.
func (k *bound) takeAll(now time.Duration, n, atOnce, perSecond int) bool {
	each := time.Second / time.Duration(perSecond)
	if max(k.due, now) > now+time.Duration(atOnce-n)*each {
		return false
	}
	k.due = max(k.due, now) + time.Duration(n)*each
	return true
}

// question reports whether a type is answered to the other end of its link.
func question(t core.Type) bool {
	return t == wire.TypePing || t == wire.TypeProbe || t == wire.TypeRequest
}

// mayAnswer reports whether a question may be answered with so many bytes of payload. If
// not, the question counts as refused.
func (b *Base) mayAnswer(m *core.Msg, payload int) bool {
	allowed := m.Proven()
	switch {
	case allowed:
	case m.Type() == wire.TypeRequest: // however long it is: a report is for the observer
		allowed = b.observedBy(m.From()) && b.reports.take(b.Now(), observerBurst, observerRate)
	case payload <= len(m.Payload()):
		allowed = b.answers.take(b.Now(), thirdPartyBurst, thirdPartyRate)
	}
	if !allowed {
		b.refuse(m)
	}
	return allowed
}

// mayPassOn reports whether a message that anybody can make up may go on to all known
// hosts.
func (b *Base) mayPassOn(m *core.Msg) bool {
	now := b.Now()
	if !b.passed.take(now, thirdPartyBurst, thirdPartyRate) || !b.copies.takeAll(now, len(b.Known()), copiesBurst, copiesRate) {
		b.refuse(m)
		return false
	}
	return true
}
