package observer

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// Options of an observer; the zero value is ready.
type Options struct {
	Hosts int           // that a boot reply names; 0 means DefaultHosts, negative none
	Poll  time.Duration // how often each node is asked; 0 means DefaultPoll
	Nodes int           // that can be known; 0 means DefaultNodes

	// Known are nodes that were there when an observer ran at this address last: they are asked at once, and shown when
	// they answer.
	Known []core.NodeID

	// Tell is called with what has changed, on the node's loop; the update is the callee's. Nil is nobody.
	Tell func(*record.Update)
	// Log is called with each line for the log: trace lines, and what else is worth a line. Nil is nobody.
	Log func(Line)
}

// Line is a line for the log.
type Line struct {
	T    record.Time
	Kind string      // of the event that it belongs to
	Node core.NodeID // zero if it is of none
	Name string      // of the node
	Text string
}

// Observer is the algorithm. It is owned by its node's loop, as every algorithm.
type Observer struct {
	algos.Base
	o Options

	members      []*member // by index; nil: that index is free
	byID         map[core.NodeID]*member
	byName       map[string][]*member
	up           []*member // in no order: a boot reply draws from it
	down         int
	candidates   candidates
	links        int         // in all
	reporters    []*reporter // as they came
	reporterByID map[core.NodeID]*reporter
	polls        int // that are over
	free         []uint32

	tick    time.Duration
	ticks   int // a poll has
	round   int // the part that is asked next
	again   []*member
	pending record.Update
	dropped drops
	counts  Counts
}

// Counts are what the observer has counted.
type Counts struct {
	Up, Down   int // nodes
	Links      int
	Candidates int
	Reporters  int    // that speak for the nodes of a process
	Polls      uint64 // requests
	Reports    uint64 // that were understood
	Stray      uint64 // reports that nobody had asked for, or that were of a node for which the one that gave them does not speak
	Malformed  uint64 // reports and boots that made no sense
	Traces     uint64 // lines that were told
	Dropped    uint64 // trace lines, events and nodes that went over a limit
	Boots      uint64
	Controls   uint64 // orders
}

// The observer's timer.
const tickTimer = 1

// New makes an observer. Options out of range are a programmer's mistake and panic.
func New(o Options) *Observer {
	if o.Poll < 0 || o.Nodes < 0 || o.Nodes > record.MaxNodes {
		panic(fmt.Sprintf("observer: New with a poll of %v and %d nodes: neither is negative, and there are at most %d nodes", o.Poll, o.Nodes, record.MaxNodes))
	}
	if o.Poll == 0 {
		o.Poll = DefaultPoll
	}
	if o.Nodes == 0 {
		o.Nodes = DefaultNodes
	}
	if o.Hosts == 0 {
		o.Hosts = DefaultHosts
	}
	ob := &Observer{o: o, byID: make(map[core.NodeID]*member), byName: make(map[string][]*member), reporterByID: make(map[core.NodeID]*reporter)}
	ob.candidates.at = make(map[core.NodeID]*candidate)
	ob.setPoll(o.Poll)
	return ob
}

// Poll is how often each node is asked.
func (o *Observer) Poll() time.Duration { return o.o.Poll }

// setPoll divides a poll into ticks.
func (o *Observer) setPoll(poll time.Duration) {
	o.tick = min(max(poll/ticksPerPoll, minTick), maxTick)
	o.ticks = max(1, int((poll+o.tick/2)/o.tick))
}

// Counts are what was counted so far.
func (o *Observer) Counts() Counts {
	c := o.counts
	c.Up, c.Down, c.Links, c.Candidates = len(o.up), o.down, o.links, len(o.candidates.at)
	c.Reporters, c.Dropped = len(o.reporters), o.dropped.total()
	return c
}

// Alive are the nodes that are there, for Options.Known of the observer after this one: in place of those that report
// through another, that one.
func (o *Observer) Alive() (ids []core.NodeID) {
	for _, r := range o.reporters {
		ids = append(ids, r.id)
	}
	for _, m := range o.up {
		if m.via == nil {
			ids = append(ids, m.id)
		}
	}
	return ids
}

// Process implements core.Algorithm.
func (o *Observer) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted:
		for _, id := range o.o.Known {
			o.heardOf(id, true)
		}
		o.After(o.tick, tickTimer)
	case wire.TypeTimer:
		if m.TimerID() == tickTimer {
			o.ticked()
			return core.Done
		}
	case wire.TypeBoot:
		o.booted(m)
		return core.Done
	case wire.TypeStatus:
		o.reported(m)
		return core.Done
	case wire.TypeTrace:
		o.traced(m)
		return core.Done
	case wire.TypeLinkDown:
		o.linkLost(m.Link())
	case wire.TypeSendFailed:
		o.sendFailed(m.Link())
	}
	return o.Base.Process(m)
}

// now is the time of what happens now.
func (o *Observer) now() record.Time { return record.At(o.Now()) }

// event adds something that happened to what is told next, and reports whether there was room.
func (o *Observer) event(e record.Event) bool {
	if len(o.pending.Events) >= maxPending {
		o.drop(dropEvents)
		return false
	}
	e.T = o.now()
	o.pending.Events = append(o.pending.Events, e)
	return true
}

// happened is an event that is worth a line of the log, too.
func (o *Observer) happened(kind string, m *member, text string) {
	e := record.Event{Kind: kind, Text: text}
	if m != nil {
		e.Node = record.To(m.index)
	}
	if o.event(e) {
		o.log(kind, m, text)
	}
}

// flush tells what has changed.
func (o *Observer) flush() {
	o.dropped.tell(o)
	u := &o.pending
	if len(u.Nodes)+len(u.Links)+len(u.Events)+len(u.States) == 0 {
		return
	}
	told := *u
	told.T = o.now()
	o.pending = record.Update{}
	if o.o.Tell != nil {
		o.o.Tell(&told)
	}
}
