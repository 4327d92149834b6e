// Package mailbox is where the nodes of a process leave what they report, and where the node that speaks for all of them finds
// it. Their loops differ, so it has a lock: it is no part of an algorithm, but of what runs several of them.
package mailbox

import (
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

const (
	// DefaultEvery is how often nodes look whether a report is wanted before anybody has said how often he asks.
	DefaultEvery = time.Second
	leastEvery   = 10 * time.Millisecond

	// maxParts and maxPartBytes bound what waits for observers: a whole report of each of 50,000 nodes.
	maxParts     = 64 << 10
	maxPartBytes = 64 << 20

	// maxLines bounds the lines of nodes that wait, of the parts.
	maxLines = 4096

	// silentTurns and silentTime are how long a node may leave nothing: both must be over.
	silentTurns = 3
	silentTime  = 3 * time.Second

	// phases is in how many parts of a turn nodes report.
	phases = 16
)

// AwayTurns and AwayTime are how long an observer may not ask until nobody reports for him any more: both must be over.
const (
	AwayTurns = 10
	AwayTime  = 10 * time.Second
)

// Kind is what a part is.
type Kind uint8

// The kinds of parts.
const (
	Report Kind = iota // a report, whole or a delta
	Gone               // the node has ended
	Silent             // the node is there, and does nothing
	Line               // a line for the log
)

// Part is one thing that was left.
type Part struct {
	Kind  Kind
	ID    core.NodeID
	Bytes []byte
}

// slot is a node.
type slot struct {
	id     core.NodeID
	phase  int
	seen   time.Duration // when it left something last
	whole  uint64        // session in which it has left a whole report
	silent bool
}

// Mailbox implements algos.Reports: what nodes have left for observers, in order. Each observer reads it at his own pace; what all
// have read is forgotten. It is safe for concurrent use. Make it with New.
type Mailbox struct {
	reporter core.NodeID

	mu      sync.Mutex
	slots   map[core.NodeID]*slot
	order   []*slot // as they came
	joined  int
	session uint64 // of whole reports; observers do not see it
	every   time.Duration
	asked   time.Duration // when somebody asked last
	wanted  bool

	parts   []Part
	first   uint64 // number of parts[0]
	bytes   int
	lines   int
	dropped uint64 // lines
}

// New makes a mailbox. The node that speaks for the others is set before they join.
func New() *Mailbox {
	return &Mailbox{slots: make(map[core.NodeID]*slot), every: DefaultEvery}
}

// SpeaksFor sets the node that speaks for the others.
func (b *Mailbox) SpeaksFor(id core.NodeID) { b.reporter = id }

// Reporter implements algos.Reports.
func (b *Mailbox) Reporter() core.NodeID { return b.reporter }

// Join implements algos.Reports.
func (b *Mailbox) Join(id core.NodeID, now time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.slots[id]; s != nil {
		s.whole, s.seen, s.silent = 0, now, false
		return
	}
	s := &slot{id: id, phase: b.joined % phases, seen: now}
	b.joined++
	b.slots[id] = s
	b.order = append(b.order, s)
}

// Wanted implements algos.Reports.
func (b *Mailbox) Wanted(id core.NodeID, now time.Duration) (session uint64, next time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// The node's place in the turn, so that reports of many do not come at once.
	next = b.every
	if s := b.slots[id]; s != nil {
		at := b.every * time.Duration(s.phase) / phases
		next = b.every - (now-at)%b.every
	}
	if !b.wanted || now-b.asked > max(AwayTurns*b.every, AwayTime) {
		b.wanted = false
		if s := b.slots[id]; s != nil {
			s.seen = now
		}
		return 0, next
	}
	return b.session, next
}

// Put implements algos.Reports.
func (b *Mailbox) Put(id core.NodeID, session uint64, report []byte, whole bool, now time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.slots[id]
	if s == nil {
		return true // it has said that it ends
	}
	if session != b.session || !whole && (s.whole != session || s.silent) {
		return false
	}
	s.seen = now
	if whole {
		s.whole, s.silent = session, false
	}
	if report != nil {
		b.add(Part{Report, id, report})
	}
	return true
}

// Line implements algos.Reports.
func (b *Mailbox) Line(id core.NodeID, line []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.wanted || b.lines >= maxLines {
		b.dropped++
		return
	}
	b.lines++
	b.add(Part{Line, id, line})
}

// End implements algos.Reports.
func (b *Mailbox) End(id core.NodeID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end(id)
}

func (b *Mailbox) end(id core.NodeID) {
	if b.slots[id] == nil {
		return
	}
	delete(b.slots, id)
	b.add(Part{Kind: Gone, ID: id})
}

// add adds a part. If too much waits, the oldest half goes, and who has not read it begins anew.
func (b *Mailbox) add(p Part) {
	if !b.wanted {
		return
	}
	b.parts = append(b.parts, p)
	b.bytes += len(p.Bytes)
	if len(b.parts) > maxParts || b.bytes > maxPartBytes {
		b.forget(b.first + uint64(len(b.parts)+1)/2)
	}
}

// forget forgets the parts before a number.
func (b *Mailbox) forget(before uint64) {
	n := int(before - b.first)
	for i := range b.parts[:n] {
		b.bytes -= len(b.parts[i].Bytes)
		if b.parts[i].Kind == Line {
			b.lines--
		}
	}
	rest := copy(b.parts, b.parts[n:])
	clear(b.parts[rest:])
	b.parts = b.parts[:rest]
	b.first = before
}

// Begin begins anew for an observer: all nodes leave whole reports. It says where he reads from.
func (b *Mailbox) Begin() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.session++
	b.wanted = true
	return b.first + uint64(len(b.parts))
}

// Ask takes note that somebody asks, and how often the one does who asks most.
func (b *Mailbox) Ask(now, every time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked, b.wanted = now, true
	b.every = max(every, leastEvery)
}

// Read calls fn with the parts from a number on until it returns false, and says how far it came. It reports false if
// some of them are forgotten.
func (b *Mailbox) Read(from uint64, fn func(*Part) bool) (next uint64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := b.first + uint64(len(b.parts))
	if from < b.first || from > end {
		return end, false
	}
	for next = from; next < end; next++ {
		if !fn(&b.parts[next-b.first]) {
			break
		}
	}
	return next, true
}

// Trim forgets what is before a number, which all have read.
func (b *Mailbox) Trim(before uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if before > b.first {
		b.forget(min(before, b.first+uint64(len(b.parts))))
	}
}

// Sweep looks for nodes that are there no more, and have not said so, and for those that are and have been silent for long.
func (b *Mailbox) Sweep(now time.Duration, alive func(core.NodeID) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := b.order[:0]
	for _, s := range b.order {
		if b.slots[s.id] != s {
			continue
		}
		if !alive(s.id) {
			b.end(s.id)
			continue
		}
		if !s.silent && now-s.seen > max(silentTurns*b.every, silentTime) {
			s.silent = true
			b.add(Part{Kind: Silent, ID: s.id})
		}
		rest = append(rest, s)
	}
	clear(b.order[len(rest):])
	b.order = rest
}

// DroppedLines is how many lines there was no room for, in all.
func (b *Mailbox) DroppedLines() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// Behind reports whether there are parts from a number on.
func (b *Mailbox) Behind(number uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return number < b.first+uint64(len(b.parts))
}
