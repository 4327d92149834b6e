package algos

import (
	"cmp"
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
// A stream has a ring with a place for each number modulo its length, so a message that is older
// than the one in its place counts as seen: what it takes for new is new, however late a
// copy comes. So a source that begins again has to number on; one that numbers from 0 again is
// not heard before it has passed the numbers of its last life. Rings grow up to Max as they are
// needed. Of more streams than MaxStreams, or than there are places for, that which had a new message
// longest ago is forgotten.
//
// Messages are copied: one that was retained would keep the slab that it came in, up to a thousand
// times its size, for as long as it may be asked for. Beyond MaxBytes the messages that came first go,
// and are still known to have been seen.
type Recent struct {
	Max      int // messages of a stream, from 1
	MaxBytes int // of all messages together, headers included; 0: MaxRecentBytes

	streams []*stream // that of the newest message first
	index   map[streamKey]*stream
	places  int // of all streams
	queue   recentQueue
	bytes   int
	spare   []byte // of the message that went last
	dropped uint64
}

// Keep remembers a message, and reports whether it is new.
func (r *Recent) Keep(m *core.Msg) bool {
	s := r.use(streamKey{m.Sender(), m.App()})
	seq := m.Seq()
	p := s.place(seq)
	for p.order > 0 && p.seq != seq && len(s.ring) < r.Max {
		r.grow(s) // as long as rings grow, nothing that was seen is forgotten
		p = s.place(seq)
	}
	if p.order > 0 && p.seq >= seq {
		return false
	}
	r.free(p)
	p.seq, p.order = seq, r.queue.next()
	r.store(s, p, m.Frame())
	return true
}

// store copies a message. The oldest make room for it.
func (r *Recent) store(s *stream, p *place, frame []byte) {
	most := cmp.Or(r.MaxBytes, MaxRecentBytes)
	if len(frame) > most {
		r.dropped++
		return
	}
	b := r.spare
	if r.spare = nil; cap(b) < len(frame) || cap(b) > min(2*len(frame), most) {
		b = make([]byte, 0, min(roundUp(len(frame)), most))
	}
	for r.bytes+cap(b) > most {
		oldest, ok := r.queue.pop()
		if !ok {
			break
		}
		r.free(oldest)
		r.dropped++
	}
	b = append(b, frame...)
	p.frame = b
	r.bytes += cap(p.frame)
	r.queue.push(kept{s, p.seq, p.order})
}

// roundUp is a size for buffers, so that messages which are about as long can have each other's.
func roundUp(n int) int { return (n + 63) &^ 63 }

// free takes a message out of its place, which knows its number on.
func (r *Recent) free(p *place) {
	if p.frame != nil {
		r.bytes -= cap(p.frame)
		r.spare, p.frame = p.frame[:0], nil
		r.queue.gone++
	}
}

// Seen reports whether a message was kept, or is too old to tell.
func (r *Recent) Seen(id MsgID) bool {
	s := r.find(streamKey{id.Maker, id.App})
	if s == nil {
		return false
	}
	p := s.place(id.Seq)
	return p.order > 0 && p.seq >= id.Seq && (p.seq-id.Seq)%uint64(r.Max) == 0 // their places are the same once the ring is full
}

// Get makes a message that is still kept again, which is valid as one of core.Node.NewMsg, or is nil.
func (r *Recent) Get(n *core.Node, id MsgID) *core.Msg {
	s := r.find(streamKey{id.Maker, id.App})
	if s == nil {
		return nil
	}
	if p := s.place(id.Seq); p.order > 0 && p.seq == id.Seq && p.frame != nil {
		return n.Remake(p.frame)
	}
	return nil
}

// Page names up to most of the messages that are kept, the last of them last: the newest if from is 0, else those before
// what the call before this one has named, if from is the place that it returned. That is 0 if no more are kept.
func (r *Recent) Page(from uint64, most int) (ids *MsgIDs, next uint64) {
	ids = new(MsgIDs)
	for i := r.queue.before(from) - 1; i >= r.queue.head; i-- {
		k := r.queue.kept[i]
		if !k.stands() {
			continue
		}
		if len(*ids) == most {
			break
		}
		*ids = append(*ids, MsgID{k.of.maker, k.of.app, k.seq})
		next = k.order
	}
	if r.queue.first() >= next {
		next = 0
	}
	slices.Reverse(*ids)
	return ids, next
}

// Len is how many messages are kept, and Bytes what they take, headers included.
func (r *Recent) Len() int { return r.queue.len() }

// Bytes is what the messages take, headers included.
func (r *Recent) Bytes() int { return r.bytes }

// Dropped is how many messages were not kept, or not as long as Max says, for want of room.
func (r *Recent) Dropped() uint64 { return r.dropped }
