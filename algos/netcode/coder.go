package netcode

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Coder gathers the messages of several incoming streams that have the same number, and
// hands them to a rule: embed it, set the fields, and the rule is the algorithm.
//
// A stream is an application, and its messages come in order, as lanes keep it. The
// streams that belong together number their messages alike, and messages of one number
// have equal payload lengths, from 1 to coding.MaxSize bytes.
//
// Messages that wait for others are held, so a stream that is ahead is slowed down. A
// number is handed to the rule as soon as nothing more can come for it: every input has
// sent it, or has gone on to a later one, or has ended, or has been silent for Wait.
// Of an incomplete number the rule gets what is there; Emit then makes a packet of that
// alone, so a code falls back by itself to what can still be sent. Numbers come to the
// rule in ascending order, but for those of a stream that was waited for in vain.
//
// Coder belongs to its node's loop, fields included. Set them before the node starts.
type Coder struct {
	algos.Base

	// Streams are the original streams, in the order of their coefficients: their
	// applications, at least two. Coded packets say which sum of these they are.
	Streams []uint32
	// Inputs are the applications that come to this node: originals, or coded ones. Nil
	// means Streams.
	Inputs []uint32
	// Rule is called with each set of messages. Its set is valid until it returns.
	Rule func(s *Set)
	// Wait is how long a silent input is waited for; 0 means DefaultWait.
	Wait time.Duration
	// OnInput, if set, is told when an input stalls, ends, or is there again.
	OnInput func(input int, state InputState)

	in      []input
	made    []uint32 // streams that the rule makes, which this node brings
	waiting []*Set   // by number
	free    []*Set
	armed   bool
	moved   time.Duration // when a number was last handed over in its order
	current *core.Msg     // the message being processed, which is not held yet
	spent   bool          // and was handed to the rule
	solver  solver
	counts  Counts

	// Of the sum being made; they would not stay on the stack.
	vector  [MaxStreams]byte
	factors [MaxStreams]byte
	packets [MaxStreams][]byte
}

// InputState is what a Coder thinks of one of its inputs.
type InputState uint8

const (
	// Live: its messages are waited for.
	Live InputState = iota
	// Stalled: it was silent for Coder.Wait while others waited for it.
	Stalled
	// Ended: its link or its source is gone.
	Ended
)

// String is the state's name.
func (s InputState) String() string { return [...]string{"live", "stalled", "ended"}[s] }

// Counts are what a Coder has seen.
type Counts struct {
	Complete   uint64 // sets with a message of every input
	Incomplete uint64 // sets without
	Late       uint64 // messages that came behind a later one of their input
	Bad        uint64 // messages that made no sense: nothing else was done about them
	Unmatched  uint64 // messages whose length was another than that of their number
}

// input is one incoming stream.
type input struct {
	state InputState
	seen  bool
	last  uint64 // number, if seen
	at    time.Duration
	from  core.NodeID
}

// Bind implements core.Algorithm.
func (c *Coder) Bind(n *core.Node) {
	c.Base.Bind(n)
	if c.Inputs == nil {
		c.Inputs = c.Streams
	}
	if len(c.Streams) < coding.MinK || len(c.Streams) > MaxStreams || len(c.Inputs) < 1 || len(c.Inputs) > MaxStreams {
		panic(fmt.Sprintf("netcode: a Coder of %d streams and %d inputs: want %d to %d streams and 1 to %d inputs",
			len(c.Streams), len(c.Inputs), coding.MinK, MaxStreams, MaxStreams))
	}
	if c.Rule == nil {
		panic("netcode: a Coder without a Rule: the rule is the algorithm")
	}
	if c.Wait <= 0 {
		c.Wait = DefaultWait
	}
	c.in = make([]input, len(c.Inputs))
}

// Counts are the counters so far.
func (c *Coder) Counts() Counts { return c.counts }

// Waiting is how many numbers wait for messages of other inputs.
func (c *Coder) Waiting() int { return len(c.waiting) }

// InputState is what the node thinks of an input.
func (c *Coder) InputState(i int) InputState { return c.in[i].state }

// Process implements core.Algorithm.
func (c *Coder) Process(m *core.Msg) core.Verdict {
	switch t := m.Type(); t {
	case wire.TypeData, TypeCoded:
		if i := slices.Index(c.Inputs, m.App()); i >= 0 {
			return c.arrive(i, m)
		}
	case wire.TypeTimer:
		if m.TimerID() == waitTimer {
			c.armed = false
			c.giveUpSilent()
			return core.Done
		}
	case wire.TypeLinkDown:
		if ev := m.Link(); ev.Direction == core.Upstream {
			c.inputGone(ev.App, ev.Peer)
		}
	case wire.TypeSourceEnd:
		c.inputGone(m.App(), core.NodeID{})
	case wire.TypeBrokenSource, wire.TypeSessionEnd:
		c.sessionGone(m.App()) // nobody brings it any more
	}
	return c.Base.Process(m)
}

// arrive takes a message of input i.
func (c *Coder) arrive(i int, m *core.Msg) core.Verdict {
	if !c.wellFormed(m) {
		c.counts.Bad++
		return core.Done
	}
	in := &c.in[i]
	c.heard(i, m)
	c.current, c.spent = m, false
	if seq := m.Seq(); in.seen && seq <= in.last {
		c.counts.Late++
		c.settleAlone(i, m)
	} else {
		in.seen, in.last = true, seq
		c.put(i, m)
		c.settleReady()
	}
	c.current = nil
	if c.spent {
		return core.Done
	}
	c.arm()
	return core.Hold
}

// wellFormed reports whether a message is part of some set: an original of a length
// that can be coded, or a packet over the streams.
func (c *Coder) wellFormed(m *core.Msg) bool {
	if m.Type() == wire.TypeData {
		n := len(m.Payload())
		return n > 0 && n <= coding.MaxSize && slices.Contains(c.Streams, m.App())
	}
	p, err := coding.Parse(m.Payload())
	return err == nil && p.Kind == coding.KindVector && p.Generation == c.generation(m.Seq(), p.Size)
}

// heard notes that an input is there.
func (c *Coder) heard(i int, m *core.Msg) {
	in := &c.in[i]
	in.at, in.from = c.Now(), m.From()
	c.turn(i, Live)
}

func (c *Coder) turn(i int, to InputState) {
	if c.in[i].state == to {
		return
	}
	c.in[i].state = to
	if c.OnInput != nil {
		c.OnInput(i, to)
	}
}

// put adds a message to the set of its number.
func (c *Coder) put(i int, m *core.Msg) {
	if len(c.waiting) >= MaxWaiting {
		c.settleHead()
	}
	at, there := slices.BinarySearchFunc(c.waiting, m.Seq(), func(s *Set, seq uint64) int { return cmp.Compare(s.seq, seq) })
	if !there {
		c.waiting = slices.Insert(c.waiting, at, c.newSet(m.Seq()))
	}
	s := c.waiting[at]
	if s.have > 0 && s.size != sizeOf(m) {
		c.counts.Unmatched++
		c.settleAlone(i, m)
		return
	}
	s.size = sizeOf(m)
	s.msgs[i] = m
	s.have++
}

// settleReady hands over every set that nothing more can come for. An input that has
// passed a number has passed all before it, so they are at the front.
func (c *Coder) settleReady() {
	for len(c.waiting) > 0 && c.ready(c.waiting[0]) {
		c.settleHead()
	}
}

func (c *Coder) ready(s *Set) bool {
	for i := range c.in {
		if in := &c.in[i]; s.msgs[i] == nil && in.state == Live && !(in.seen && in.last >= s.seq) {
			return false
		}
	}
	return true
}

func (c *Coder) settleHead() {
	s := c.waiting[0]
	n := copy(c.waiting, c.waiting[1:])
	c.waiting[n] = nil
	c.waiting = c.waiting[:n]
	c.moved = c.Now()
	c.settle(s)
}

// settleAlone hands over a message that no others can be matched with.
func (c *Coder) settleAlone(i int, m *core.Msg) {
	s := c.newSet(m.Seq())
	s.msgs[i], s.have, s.size = m, 1, sizeOf(m)
	c.settle(s)
}

// settle calls the rule and lets go of the set's messages.
func (c *Coder) settle(s *Set) {
	switch {
	case s.have == len(s.msgs):
		c.counts.Complete++
	case s.have > 0:
		c.counts.Incomplete++
	}
	if s.have > 0 { // else its only message did not match itself: impossible, but harmless
		c.Rule(s)
	}
	for i, m := range s.msgs {
		switch {
		case m == nil:
		case m == c.current:
			c.spent = true
		default:
			c.Release(m)
		}
		s.msgs[i] = nil
	}
	c.free = append(c.free, s)
}

func (c *Coder) newSet(seq uint64) *Set {
	var s *Set
	if n := len(c.free); n > 0 {
		s, c.free = c.free[n-1], c.free[:n-1]
	} else {
		s = &Set{coder: c, msgs: make([]*core.Msg, len(c.Inputs))}
	}
	s.seq, s.since, s.have, s.size = seq, c.Now(), 0, 0
	return s
}
