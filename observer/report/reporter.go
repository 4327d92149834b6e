package report

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/observer/report/mailbox"
)

// messageBytes is about how long a message with reports is.
const messageBytes = 48 << 10

// maxUndone bounds the boot replies that wait. A node whose reply goes has no hosts until it is told of some.
const maxUndone = 16 << 10

// bootPause is how long at most a reporter waits before it tries an observer again: there is one a process, where nodes
// that report for themselves may be thousands.
const bootPause = time.Second

// Of what is no report, so many at most are in a message.
const messageParts = 1024

// world is what runs the nodes that report together.
type world interface {
	// refresh says that what the others say shall be how it is now.
	refresh()
	// alive reports whether a node runs.
	alive(core.NodeID) bool
	// deliver gives a node's algorithm a control message from outside, and reports false if there is no room now.
	deliver(id core.NodeID, t core.Type, payload []byte) bool
}

// reporter is the algorithm of the node that speaks for the nodes of a process. Base tells the observers of it and finds
// them again; requests are answered from the mailbox.
type reporter struct {
	algos.Base
	box     *mailbox.Mailbox
	world   world
	readers []reader
	swept   time.Duration
	undone  []algos.BootReply // for which there was no room yet
}

// reader is an observer that asks.
type reader struct {
	id      core.NodeID
	session uint64
	next    uint64 // part
	every   time.Duration
	asked   time.Duration
}

// Process implements core.Algorithm.
func (r *reporter) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeRequest:
		if r.watched(m.From()) && len(m.Payload()) > 0 {
			r.answer(m)
			return core.Done
		}
	case wire.TypeBootReply:
		if r.bootReply(m) {
			return core.Done
		}
	}
	return r.Base.Process(m)
}

// watched reports whether a node is one of the observers.
func (r *reporter) watched(id core.NodeID) bool {
	return !id.IsZero() && (id == r.Observer || slices.Contains(r.Watchers, id))
}

// bootReply hands on the hosts that a node of the process was sent.
func (r *reporter) bootReply(m *core.Msg) bool {
	var b algos.BootReply
	if m.From() != r.Observer || algos.Decode(m.Payload(), &b) != nil || b.For == nil {
		return false
	}
	r.undone = append(r.undone, b)
	r.handOn()
	return true
}

// handOn hands on boot replies as long as there is room; the others have to wait for the next request.
func (r *reporter) handOn() {
	n := 0
	for ; n < len(r.undone); n++ {
		b := &r.undone[n]
		if !r.world.deliver(*b.For, wire.TypeBootReply, algos.Encode(algos.BootReply{Hosts: b.Hosts})) {
			break
		}
	}
	r.undone = slices.Delete(r.undone, 0, n)
	if over := len(r.undone) - maxUndone; over > 0 {
		r.undone = slices.Delete(r.undone, 0, over)
	}
}

// reader is what is known of an observer that asks. One that begins anew has no report before.
func (r *reporter) reader(id core.NodeID, session uint64) *reader {
	i := slices.IndexFunc(r.readers, func(x reader) bool { return x.id == id })
	if i < 0 {
		r.readers = append(r.readers, reader{id: id})
		i = len(r.readers) - 1
	}
	if x := &r.readers[i]; x.session != session {
		x.session, x.next = session, r.box.Begin()
	}
	return &r.readers[i]
}

// answer answers a request with what has changed since the one before, in as many messages as that takes.
func (r *reporter) answer(m *core.Msg) {
	var ask algos.StatusAsk
	if algos.Decode(m.Payload(), &ask) != nil || ask.Session == 0 {
		return // who asks is an observer that we were told of: he has the worst of it
	}
	r.handOn()
	now := r.Now()
	x := r.reader(m.From(), ask.Session)
	x.asked, x.every = now, ask.Every
	every := r.fastest(now)
	r.box.Ask(now, every)
	if now-r.swept >= every/2 {
		r.swept = now
		r.world.refresh()
		r.box.Sweep(now, r.world.alive)
	}
	for {
		s := &algos.StatusShared{Session: ask.Session, First: x.next}
		next, ok := r.box.Read(x.next, filling(s))
		s.Next, s.Lost, s.Dropped = next, !ok, r.box.DroppedLines()
		s.More = ok && r.box.Behind(next)
		x.next = next
		r.tell(m, s)
		if !s.More {
			break
		}
	}
	r.box.Trim(r.slowest(now))
}

// filling adds parts to a message until it is full.
func filling(s *algos.StatusShared) func(*mailbox.Part) bool {
	bytes, parts := 0, 0
	return func(p *mailbox.Part) bool {
		if bytes > 0 && bytes+len(p.Bytes) > messageBytes || parts >= messageParts {
			return false
		}
		bytes += len(p.Bytes)
		parts++
		switch p.Kind {
		case mailbox.Report:
			s.Members = append(s.Members, p.Bytes)
		case mailbox.Gone:
			s.Gone = append(s.Gone, p.ID)
		case mailbox.Silent:
			s.Silent = append(s.Silent, p.ID)
		case mailbox.Line:
			s.Lines = append(s.Lines, algos.SharedLine{Node: p.ID, Text: string(p.Bytes)})
		}
		return true
	}
}

// sharedReport is a status message without the fields that say nothing of who speaks for others.
type sharedReport struct {
	Version int                  `cbor:"v"`
	Node    core.NodeID          `cbor:"node"`
	Now     time.Duration        `cbor:"now"`
	Process *algos.StatusProcess `cbor:"process,omitempty"`
	Shared  *algos.StatusShared  `cbor:"shared"`
}

func (r *reporter) tell(m *core.Msg, s *algos.StatusShared) {
	report := sharedReport{Version: algos.StatusVersion, Node: r.ID(), Now: r.Now(), Shared: s}
	if r.Usage != nil && !s.More {
		u := r.Usage()
		report.Process = &u
	}
	msg := r.NewControl(wire.TypeStatus, 0, &report)
	msg.SetSeq(m.Seq())
	r.Send(msg, m.From())
}

// there reports whether an observer still asks.
func (x *reader) there(now time.Duration) bool {
	return now-x.asked <= max(mailbox.AwayTurns*x.every, mailbox.AwayTime)
}

// fastest is how often the observer asks who asks most.
func (r *reporter) fastest(now time.Duration) time.Duration {
	least := time.Duration(0)
	for i := range r.readers {
		if x := &r.readers[i]; x.there(now) && x.every > 0 && (least == 0 || x.every < least) {
			least = x.every
		}
	}
	if least == 0 {
		return mailbox.DefaultEvery
	}
	return least
}

// slowest is how far the observer has read who has read least. Those that do not ask any more begin anew if they do.
func (r *reporter) slowest(now time.Duration) uint64 {
	r.readers = slices.DeleteFunc(r.readers, func(x reader) bool { return !x.there(now) })
	least := r.readers[0].next // who asks now is there
	for _, x := range r.readers {
		least = min(least, x.next)
	}
	return least
}
