// Package cyclon is peer sampling: every node knows a few others, which are as good as drawn at
// random of all that live, and always others. S. Voulgaris, D. Gavidia, M. van Steen, "CYCLON:
// Inexpensive membership management for unstructured P2P overlays", Journal of Network and
// Systems Management 13 (2005), with the enhanced shuffle.
//
// Once a Period a node makes the entries of its view older by one, takes the oldest out, and sends
// that node some of the others and itself, new. It gets as many back. Each puts what it got where it has room,
// and else in place of what it has sent. So who fails is asked in the end, and gone; and nobody is known to many
// more nodes than others are.
//
// # Messages
//
// All are control messages; bodies are below.
//
//	shuffle  a request, and its answer: entries
//	join     there is a newcomer: passed on Walk times to somebody in the view
//	entries  to the newcomer, from where that ended: the entry whose place it has got
//
// # Use
//
// Peer is a node that is as good as drawn of all; View are those that the node knows now. Contacts
// are the known hosts of [algos.Base] (AddHost, or bootstrap in a scenario). The figure neighbours is
// how many nodes are in the view.
//
// # Guarantees
//
//   - The view is bounded, has nobody twice, and never the node itself (Invariant).
//   - A node sends one question a Period, with up to Shuffle entries, and on average answers one.
//   - An entry of a node that has failed is gone when its node has asked it: at the latest when it is the
//     oldest.
//   - Joins leave as many entries of others as there were: each newcomer takes the place of one entry for
//     each that it gets.
//   - If a node of every part knows a contact in another one that lives, the parts of a network come together
//     again, whatever parted them.
//
// # Limits
//
// Nobody is authenticated: a node that sends entries of its own choice comes to be known to many. Without contacts
// that live, parts of a network that have no entry of each other any more stay apart.
//
// # Deviations from the paper
//
//   - Once in Size periods a node shuffles with a contact in place of the oldest, so that partitions heal.
//   - A node whose link fails is out of the view at once.
//   - Nodes that all start at once have views of contacts; the paper joins one after another.
package cyclon

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeShuffle core.Type = wire.FirstAlgorithmType + 64 + iota
	typeJoin
	typeEntries
)

// Entry is a node in a view, and for how many periods it has been an entry of somebody's.
type Entry struct {
	ID  core.NodeID
	Age uint16
}

// entries are some of a view.
type entries struct{ list []Entry }

func (e *entries) Fields(f *pack.Fields) {
	pack.List(f, &e.list, func(f *pack.Fields, e *Entry) { f.Node(&e.ID); f.Uint16(&e.Age) })
}

// Cyclon is the algorithm of one node. Make it with New; fields may be changed before the
// node starts.
type Cyclon struct {
	algos.Base
	Size, Shuffle int           // most entries of the view, and of a message
	Walk          uint8         // how often a newcomer is passed on
	Period        time.Duration // between two shuffles of a node; an answer has as long

	view   []Entry
	rounds int
}

// New makes a node with parameters of the paper's experiments.
func New() *Cyclon { return &Cyclon{Size: 20, Shuffle: 8, Walk: 5, Period: 10 * time.Second} }

// View are the nodes that this one knows now. The slice is a view itself: read it, and do not keep it.
func (c *Cyclon) View() []Entry { return c.view }

// Peer is a node out of the view, or nobody if it is empty.
func (c *Cyclon) Peer() core.NodeID { return algos.One(c.Rand(), c.view).ID }

// Invariant implements scenario.Invariant.
func (c *Cyclon) Invariant() error {
	for i, e := range c.view {
		if i >= c.Size || c.find(e.ID) != i || e.ID.IsZero() || e.ID == c.ID() {
			return fmt.Errorf("cyclon: entry %d of %v is twice there, the node itself, or more than %d", i+1, c.view, c.Size)
		}
	}
	return nil
}

// Bind implements core.Algorithm.
func (c *Cyclon) Bind(n *core.Node) {
	c.Base.Bind(n)
	algos.Answer(&c.Base, typeShuffle, c.shuffled)
	algos.On(&c.Base, typeJoin, c.joined)
	algos.On(&c.Base, typeEntries, func(_ *core.Msg, got *entries) { c.take(got.list, nil) })
	c.OnFailed(func(id core.NodeID) { c.remove(id) })
	c.OnUp(func() { c.join(); c.Rounds(c.Period, c.round) })
}

// join makes entries of contacts, and has each pass on that the node is there, as often as it needs entries.
func (c *Cyclon) join() {
	for _, id := range algos.Pick(c.Rand(), c.Contacts(), c.Size) {
		c.take([]Entry{{ID: id}}, nil)
	}
	for i := range c.Size * min(1, len(c.view)) {
		c.Post(c.view[i%len(c.view)].ID, typeJoin, &algos.Walk{Who: c.ID(), TTL: c.Walk})
	}
}

// round shuffles with the node that has been in the view for longest, and is out of it then.
func (c *Cyclon) round() {
	if len(c.view) == 0 {
		c.join()
		return
	}
	oldest := Entry{}
	for i := range c.view {
		if c.view[i].Age = min(c.view[i].Age, 1<<16-2) + 1; c.view[i].Age > oldest.Age {
			oldest = c.view[i]
		}
	}
	if c.rounds++; c.rounds%c.Size == 0 {
		if contact := algos.One(c.Rand(), c.Contacts()); !contact.IsZero() {
			oldest.ID = contact
		}
	}
	c.remove(oldest.ID)
	sent := algos.Pick(c.Rand(), c.view, c.Shuffle-1)
	question := entries{append(slices.Clone(sent), Entry{ID: c.ID()})}
	algos.Ask(&c.Base, oldest.ID, typeShuffle, &question, c.Period, func(got *entries, err error) {
		if err == nil {
			c.take(got.list, sent)
		}
		c.Gauge("neighbours").Set(float64(len(c.view)))
	})
}

// shuffled answers a shuffle.
func (c *Cyclon) shuffled(_ *core.Msg, got *entries) *entries {
	sent := algos.Pick(c.Rand(), c.view, min(c.Shuffle, len(got.list)))
	c.take(got.list, sent)
	return &entries{sent}
}

// take puts entries into the view that are not in it: where there is room, or in place of some that were
// sent elsewhere.
func (c *Cyclon) take(got, sent []Entry) {
	for _, e := range got {
		if e.ID.IsZero() || e.ID == c.ID() || c.find(e.ID) >= 0 {
			continue
		}
		for len(c.view) >= c.Size && len(sent) > 0 {
			c.remove(sent[0].ID)
			sent = sent[1:]
		}
		if len(c.view) < c.Size {
			c.view = append(c.view, e)
		}
	}
}

// joined passes a newcomer on, or gives it the place of an entry, and that entry.
func (c *Cyclon) joined(_ *core.Msg, n *algos.Walk) {
	if n.TTL > 0 {
		n.TTL--
		if next := c.Peer(); next != n.Who && c.Post(next, typeJoin, n) {
			return
		}
	}
	if n.Who == c.ID() || c.find(n.Who) >= 0 {
		return
	}
	gift := []Entry{{ID: c.ID()}}
	if len(c.view) >= c.Size {
		gift = algos.Pick(c.Rand(), c.view, 1)
	}
	c.take([]Entry{{ID: n.Who}}, gift)
	c.Post(n.Who, typeEntries, &entries{gift})
}

func (c *Cyclon) find(id core.NodeID) int {
	return slices.IndexFunc(c.view, func(e Entry) bool { return e.ID == id })
}

func (c *Cyclon) remove(id core.NodeID) {
	if i := c.find(id); i >= 0 {
		c.view = slices.Delete(c.view, i, i+1)
	}
}
