package file

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
)

// state is how far a transfer is.
type state uint8

const (
	opening   state = iota // its store is not ready
	open                   // some blocks are missing
	finishing              // all are there, and the store makes sure of the file
	whole                  // it has
	failed                 // it is given up
)

// Transfer is a file on its way to a node.
type Transfer struct {
	sink   *Sink
	m      Manifest
	bytes  []byte // of the manifest
	id     ID
	index  int // in the sink
	node   *core.Node
	store  Store
	state  state
	had    int           // blocks that were there when the store was opened
	began  time.Duration // when it was heard of first
	ended  time.Duration // when the whole file had been verified
	asking               // what is missing is had again
}

func newTransfer(s *Sink, n *core.Node, m Manifest, source core.NodeID, index int) *Transfer {
	return &Transfer{
		sink: s, m: m, bytes: m.Append(nil), id: m.ID(), index: index, node: n, began: n.Now(),
		asking: asking{source: source, have: NewSet(m.Blocks()), promised: NewSet(m.Blocks()), silence: s.opt.Silence, heardAt: n.Now(), last: n.Now()},
	}
}

// Manifest is what the transfer is of.
func (t *Transfer) Manifest() *Manifest { return &t.m }

// ID is its number.
func (t *Transfer) ID() ID { return t.id }

// Source is the node that sends it, as far as is known.
func (t *Transfer) Source() core.NodeID { return t.source }

// Have are the blocks that are there, a view.
func (t *Transfer) Have() *Set { return t.have }

// Had is how many of them were there when the store was opened.
func (t *Transfer) Had() int { return t.had }

// Whole reports whether the whole file is there, verified.
func (t *Transfer) Whole() bool { return t.state == whole }

// Took is how long it took from the first message to the verified file; 0 before that.
func (t *Transfer) Took() time.Duration {
	if t.state != whole {
		return 0
	}
	return t.ended - t.began
}

// Opened says that the store is ready, and which blocks are there and have been verified: nil for none.
func (t *Transfer) Opened(have *Set) {
	if t.state != opening {
		return
	}
	t.state = open
	if have != nil {
		for i := have.Next(0); i >= 0; i = have.Next(i + 1) {
			t.have.Add(i)
		}
	}
	t.had = t.have.Count()
	t.heardAt, t.last = t.node.Now(), t.node.Now()
	t.filled()
	t.arm(t.node)
}

// Lost says that blocks which the store had taken are not there after all.
func (t *Transfer) Lost(blocks *Set) {
	if t.state != open && t.state != finishing {
		return
	}
	for i := blocks.Next(0); i >= 0; i = blocks.Next(i + 1) {
		t.have.Remove(i)
	}
	if !t.have.Full() {
		t.state = open
		t.arm(t.node)
	}
}

// Finished says how the store's look at the whole file has ended: with nil it is what the manifest says. An error gives the transfer up.
func (t *Transfer) Finished(err error) {
	if t.state == failed || t.state == whole {
		return
	}
	if err != nil {
		t.state = failed
		t.sink.counts.Failed++
		t.sink.ended(t, err)
		return
	}
	if t.state != finishing {
		panic("file: a store has finished a file of which blocks are missing")
	}
	t.state, t.ended = whole, t.node.Now()
	s := t.sink
	s.count(&s.counts.Whole, func(m *sinkMetrics) *metric.Counter { return m.whole })
	if s.metrics != nil {
		s.metrics.done.RecordTime(t.ended - t.began)
	}
	s.ended(t, nil)
}

// filled has the store finish if all blocks are there.
func (t *Transfer) filled() {
	if t.state == open && t.have.Full() && t.store != nil {
		t.state = finishing
		t.store.Finish()
	}
}

// hear takes a message of the transfer.
func (t *Transfer) hear(n *core.Node, h Header, source core.NodeID, body []byte) {
	switch h.Kind {
	case KindBlock:
		if !t.take(h, body) {
			return
		}
	case KindManifest:
		if string(t.bytes) != string(body) {
			t.sink.bad()
			return
		}
		t.source = source
		t.polled(n, h)
	case KindPending:
		t.pending(h, body)
	}
	t.heard(n, h)
}

// take takes a block, and reports whether it is true.
func (t *Transfer) take(h Header, body []byte) bool {
	s, i := t.sink, int(h.Block)
	switch {
	case t.state == opening:
		s.counts.Early++
		return false
	case h.Proof != t.m.Depth() || i >= t.have.Len():
		s.bad()
		return false
	case t.have.Has(i):
		s.count(&s.counts.Duplicate, func(m *sinkMetrics) *metric.Counter { return m.duplicate })
		return true
	}
	proof, data := body[:h.Proof*HashLen], body[h.Proof*HashLen:]
	if len(data) != t.m.Size(i) {
		s.bad()
		return false
	}
	leaf := s.hasher.Leaf(data)
	switch {
	case !s.hasher.Proves(t.m.Root, leaf, i, proof):
		s.bad()
		return false
	case !t.store.Put(i, leaf, data):
		s.counts.Busy++
		return true
	}
	t.have.Add(i)
	s.counts.Bytes += uint64(len(data))
	s.count(&s.counts.Blocks, func(m *sinkMetrics) *metric.Counter { return m.blocks })
	t.filled()
	return true
}

// String is for people.
func (t *Transfer) String() string {
	return fmt.Sprintf("%s (%d of %d blocks, transfer %v)", t.m.Name, t.have.Count(), t.have.Len(), t.id)
}
