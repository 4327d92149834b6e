package algos

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// MsgID names a data message: the node that made it, its application and its number.
type MsgID struct {
	Maker core.NodeID
	App   uint32
	Seq   uint64
}

// IDOf is the name of a message.
func IDOf(m *core.Msg) MsgID { return MsgID{m.Sender(), m.App(), m.Seq()} }

// Fields implements pack.Body.
func (id *MsgID) Fields(f *pack.Fields) { f.Node(&id.Maker); f.Uint32(&id.App); f.Uint64(&id.Seq) }

// MsgIDs is a pack.Body that names up to pack.MaxList messages.
type MsgIDs []MsgID

// Fields implements pack.Body.
func (ids *MsgIDs) Fields(f *pack.Fields) {
	pack.List(f, (*[]MsgID)(ids), func(f *pack.Fields, id *MsgID) { id.Fields(f) })
}

// String is the name for people.
func (id MsgID) String() string { return fmt.Sprintf("%v/%d/%d", id.Maker, id.App, id.Seq) }

// Recent remembers the newest data messages, whole, of each stream: what one node makes
// for one application. An algorithm that floods, and answers those who have missed a
// message, knows from it what is new and has what is asked for. Set Max before it is used.
//
// A stream has a ring with a place for each number modulo Max, so a message that is older
// than the one in its place counts as seen: what it takes for new is new, however late a
// copy comes. So a source that begins again has to number on; one that numbers from 0 again is
// not heard before it has passed the numbers of its last life. Of more streams than
// MaxStreams that which has been silent for longest is forgotten.
//
// Messages are retained, not copied: each keeps its slab, which it shares with those that
// came with it.
type Recent struct {
	Max     int // messages of a stream, from 1
	streams []*stream
}

type stream struct {
	maker core.NodeID
	app   uint32
	ring  []*core.Msg
}

// Keep remembers a message that is being processed, and reports whether it is new.
func (r *Recent) Keep(n *core.Node, m *core.Msg) bool {
	s := r.stream(m.Sender(), m.App())
	if s == nil {
		s = r.open(n, m)
	}
	place := s.place(m.Seq())
	switch old := *place; {
	case old == nil:
	case old.Seq() >= m.Seq():
		return false
	default:
		n.Release(old)
	}
	n.Retain(m)
	*place = m
	return true
}

// Seen reports whether a message was kept, or is too old to tell.
func (r *Recent) Seen(id MsgID) bool {
	m := r.at(id)
	return m != nil && m.Seq() >= id.Seq
}

// Get is a message that is still kept, or nil.
func (r *Recent) Get(id MsgID) *core.Msg {
	if m := r.at(id); m != nil && m.Seq() == id.Seq {
		return m
	}
	return nil
}

// IDs are the messages that are kept, up to most of them: those of the stream that was
// used last first.
func (r *Recent) IDs(most int) *MsgIDs {
	var ids MsgIDs
	for _, s := range r.streams {
		for _, m := range s.ring {
			if m != nil && len(ids) < most {
				ids = append(ids, IDOf(m))
			}
		}
	}
	return &ids
}

// at is what is in the place of a message.
func (r *Recent) at(id MsgID) *core.Msg {
	if s := r.stream(id.Maker, id.App); s != nil {
		return *s.place(id.Seq)
	}
	return nil
}

func (s *stream) place(seq uint64) **core.Msg { return &s.ring[seq%uint64(len(s.ring))] }

// stream finds a stream, and puts it first, where it is looked for first; nil if there is none.
func (r *Recent) stream(maker core.NodeID, app uint32) *stream {
	for i, s := range r.streams {
		if s.app == app && s.maker == maker {
			copy(r.streams[1:i+1], r.streams[:i])
			r.streams[0] = s
			return s
		}
	}
	return nil
}

// open begins a stream. If there are too many, the last one goes.
func (r *Recent) open(n *core.Node, m *core.Msg) *stream {
	if last := len(r.streams) - 1; last+1 >= MaxStreams {
		for _, old := range r.streams[last].ring {
			if old != nil {
				n.Release(old)
			}
		}
		r.streams = r.streams[:last]
	}
	s := &stream{m.Sender(), m.App(), make([]*core.Msg, r.Max)}
	r.streams = slices.Insert(r.streams, 0, s)
	return s
}
