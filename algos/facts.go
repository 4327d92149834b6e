package algos

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// Fact is what is known of a node, as a number of which the greater one holds: an incarnation
// and a state, the time of its newest entry. It is a pack.Body.
type Fact struct {
	Who   core.NodeID
	Value uint64
}

// Fields implements pack.Body.
func (a *Fact) Fields(f *pack.Fields) {
	f.Node(&a.Who)
	f.Uint64(&a.Value)
	if a.Who.IsZero() {
		f.Fail("it is about nobody")
	}
}

// FactList is a pack.Body of up to pack.MaxList facts.
type FactList []Fact

// Fields implements pack.Body.
func (l *FactList) Fields(f *pack.Fields) {
	pack.List(f, (*[]Fact)(l), func(f *pack.Fields, a *Fact) { a.Fields(f) })
}

// Who are the nodes that facts are about, in their order. The slice is the caller's.
func (l FactList) Who() []core.NodeID {
	ids := make([]core.NodeID, len(l))
	for i, a := range l {
		ids[i] = a.Who
	}
	return ids
}

// Facts are what a node knows of all nodes of a group, and how it comes to agree with them. Since
// of two values the greater one holds, whichever came first, nodes that have heard the
// same know the same.
//
// What is new is told on messages that are sent anyway, a bounded number of times: they carry a Talk,
// which Tell makes and Heard takes in. It has a digest of all facts too, and who hears another one than
// its own fetches all facts from that peer, unless it has news itself, no more than a message
// holds, so that what it misses may be on its way; it waits for no more than twice as many messages as
// tell of one. Who gets no new fact so from a peer lets ever more messages of it pass, up to 256, before it fetches
// again, and who knows of Max nodes 256 of anybody. So messages have a bounded length whatever the size of the group, but
// to who comes late or was cut off.
//
// Call Open before it is used. Nobody is forgotten, so Max bounds all nodes that ever were there.
type Facts struct {
	Max  int // most nodes, from 1
	Most int // most news on a message, from 1

	// Got is given all that is heard, or was fetched because digests differed, and learns
	// it, or what it makes of it.
	Got func(a Fact, fetched bool)

	base     *Base
	pull     core.Type
	index    nodeIndex // of entries
	entries  []entry   // no pointers to them, nor in them: in a large world they would be most of what the collector looks at
	order    []uint32  // random: Next goes through it
	at       int       // in order: who is next
	digest   uint64
	news     []uint32
	times    int // how often what was learnt last is told
	differed int // messages with another digest, since the last one with the same
	fetching bool
	until    time.Duration // when the last page may be asked for
	whole    bool          // all facts of somebody have been fetched

	heard     uint64   // messages
	fullUntil uint64   // of them: with no room for more facts nothing is fetched before
	strangers patience // with those of whom nothing is known

	refused, fetched, learnt uint64
}

type entry struct {
	Fact
	patience       // with the node that it is about
	left     int32 // how often it is still to be told
}

// hash is a fact's part of the digest, which is a sum: of a weaker hash, changes would cancel
// each other out.
func (a Fact) hash() uint64 {
	sum := sha256.Sum256(pack.Append(nil, &a))
	return binary.BigEndian.Uint64(sum[:])
}

// find is what is known of a node, or nil. It is valid until the next Learn.
func (f *Facts) find(who core.NodeID) *entry {
	if i := f.index.find(who, f.entries); i >= 0 {
		return &f.entries[i]
	}
	return nil
}

// Value is what is known of a node; 0 if nothing is.
func (f *Facts) Value(who core.NodeID) uint64 {
	if e := f.find(who); e != nil {
		return e.Value
	}
	return 0
}

// Len is how many nodes something is known of.
func (f *Facts) Len() int { return len(f.order) }

// Refused is how many facts were not learnt because they were about more than Max nodes.
func (f *Facts) Refused() uint64 { return f.refused }

// Learn takes in a fact, and reports whether it holds: its value is greater than what was known. It
// will be told so many times, which may be 0.
func (f *Facts) Learn(a Fact, times int) bool {
	i := f.index.find(a.Who, f.entries)
	switch {
	case i >= 0 && a.Value <= f.entries[i].Value:
		return false
	case i >= 0:
		f.digest -= f.entries[i].hash()
	case a.Value == 0 || len(f.order) >= f.Max:
		f.refused++
		return false
	default:
		i = f.add(a.Who)
	}
	e := &f.entries[i]
	e.Value = a.Value
	f.learnt++
	f.digest += e.hash()
	if times > 0 && e.left == 0 {
		f.news = append(f.news, uint32(i))
	}
	if e.left = max(e.left, int32(min(times, math.MaxInt32))); times > 0 {
		f.times = times
	}
	return true
}

// add takes in a node that is new, at a random place among those that Next has still to come to.
func (f *Facts) add(who core.NodeID) int {
	e := len(f.entries)
	f.entries = append(f.entries, entry{Fact: Fact{Who: who}})
	f.index.add(f.entries)
	f.order = append(f.order, uint32(e))
	i, last := f.at+f.base.Rand().IntN(len(f.order)-f.at), len(f.order)-1
	f.order[i], f.order[last] = uint32(e), f.order[i]
	return e
}

// takeNews adds those that were told least of all that are to be told.
func (f *Facts) takeNews(to FactList) FactList {
	if len(f.news) == 0 {
		return to // as in quiet times
	}
	slices.SortStableFunc(f.news, func(a, b uint32) int { return int(f.entries[b].left - f.entries[a].left) })
	for _, i := range f.news[:min(len(f.news), f.Most)] {
		e := &f.entries[i]
		to = append(to, e.Fact)
		e.left--
	}
	f.news = slices.DeleteFunc(f.news, func(i uint32) bool { return f.entries[i].left == 0 })
	return to
}

// Next goes round among the facts that will do: it returns each once, in random order,
// then each once in another order, and so on. The zero Fact means that none will do.
func (f *Facts) Next(will func(Fact) bool) Fact {
	for range 2 * len(f.order) {
		if f.at %= len(f.order); f.at == 0 {
			f.base.Rand().Shuffle(len(f.order), func(i, j int) { f.order[i], f.order[j] = f.order[j], f.order[i] })
		}
		if f.at++; will(f.entries[f.order[f.at-1]].Fact) {
			return f.entries[f.order[f.at-1]].Fact
		}
	}
	return Fact{}
}

// Some draws up to k facts that will do, from anywhere on in their random order.
func (f *Facts) Some(k int, will func(Fact) bool) (found FactList) {
	start := f.base.Rand().IntN(max(len(f.order), 1))
	for i := 0; i < len(f.order) && len(found) < k; i++ {
		if e := &f.entries[f.order[(start+i)%len(f.order)]]; will(e.Fact) {
			found = append(found, e.Fact)
		}
	}
	return found
}
