package algos

import (
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// The streams of Recent, and the order in which their messages came.

type streamKey struct {
	maker core.NodeID
	app   uint32
}

type stream struct {
	streamKey
	ring []place
}

// place is where the messages of a stream are that have the same number modulo the length of the ring.
type place struct {
	seq   uint64 // of the newest
	order uint64 // in which it came, among all streams; 0: none has
	frame []byte // nil if it is not kept any more
}

func (s *stream) place(seq uint64) *place { return &s.ring[seq%uint64(len(s.ring))] }

// fewStreams are looked at one by one before the index is asked.
const fewStreams = 4

// find is a stream, or nil.
func (r *Recent) find(k streamKey) *stream {
	for _, s := range r.streams[:min(len(r.streams), fewStreams)] {
		if s.app == k.app && s.maker == k.maker {
			return s
		}
	}
	if len(r.streams) <= fewStreams {
		return nil
	}
	return r.index[k]
}

// use is a stream, which is opened if there is none, and comes first.
func (r *Recent) use(k streamKey) *stream {
	s := r.find(k)
	if s == nil {
		return r.open(k)
	}
	if r.streams[0] != s {
		i := slices.Index(r.streams, s)
		copy(r.streams[1:i+1], r.streams[:i])
		r.streams[0] = s
	}
	return s
}

func (r *Recent) open(k streamKey) *stream {
	if len(r.streams) >= MaxStreams {
		r.closeLast()
	}
	if r.index == nil {
		r.index = make(map[streamKey]*stream)
	}
	// The length of a ring is Max once it is full, and each before that divides the next, so that numbers which had
	// places of their own have some in a longer one, too.
	length := r.Max
	for length > leastRing && length%2 == 0 {
		length /= 2
	}
	s := &stream{k, make([]place, length)}
	r.streams = slices.Insert(r.streams, 0, s)
	r.index[k] = s
	r.addPlaces(length)
	return s
}

// grow doubles a ring, whose stream comes first.
func (r *Recent) grow(s *stream) {
	before := s.ring
	s.ring = make([]place, 2*len(before))
	for _, p := range before {
		if p.order > 0 {
			*s.place(p.seq) = p
		}
	}
	r.addPlaces(len(before))
}

// addPlaces counts places, for which others may have to go.
func (r *Recent) addPlaces(n int) {
	for r.places += n; r.places > max(maxPlaces, ringsAtLeast*r.Max) && len(r.streams) > 1; {
		r.closeLast()
	}
}

// closeLast forgets the stream whose newest message is the oldest.
func (r *Recent) closeLast() {
	last := len(r.streams) - 1
	s := r.streams[last]
	for i := range s.ring {
		r.free(&s.ring[i])
	}
	r.places -= len(s.ring)
	s.ring = nil
	delete(r.index, s.streamKey)
	r.streams[last] = nil
	r.streams = r.streams[:last]
}

// recentQueue has what is kept in the order in which it came, and among it some that went before its turn.
type recentQueue struct {
	kept []kept
	head int    // the first that counts
	gone int    // from there on
	last uint64 // order that was given last
}

type kept struct {
	of         *stream
	seq, order uint64
}

// where is the place of a message that is still kept, or nil.
func (k kept) where() *place {
	if len(k.of.ring) == 0 {
		return nil
	}
	if p := k.of.place(k.seq); p.order == k.order && p.frame != nil {
		return p
	}
	return nil
}

func (k kept) stands() bool { return k.where() != nil }

func (q *recentQueue) next() uint64 {
	q.last++
	return q.last
}

func (q *recentQueue) len() int { return len(q.kept) - q.head - q.gone }

// push adds a message that is kept.
func (q *recentQueue) push(k kept) {
	if len(q.kept) == cap(q.kept) && 2*q.len() <= len(q.kept) {
		rest := q.kept[:0]
		for _, k := range q.kept[q.head:] {
			if k.stands() {
				rest = append(rest, k)
			}
		}
		clear(q.kept[len(rest):])
		q.kept, q.head, q.gone = rest, 0, 0
	}
	q.kept = append(q.kept, k)
}

// pop takes the message out that came first.
func (q *recentQueue) pop() (oldest *place, ok bool) {
	for q.head < len(q.kept) {
		k := q.kept[q.head]
		q.kept[q.head] = kept{}
		q.head++
		if p := k.where(); p != nil {
			q.gone-- // free counts it among those that are still in the queue
			return p, true
		}
		q.gone--
	}
	return nil, false
}

// before is where in the queue the messages end that came before one; all with 0.
func (q *recentQueue) before(order uint64) int {
	if order == 0 {
		return len(q.kept)
	}
	i, _ := slices.BinarySearchFunc(q.kept[q.head:], order, func(k kept, order uint64) int {
		switch {
		case k.order < order:
			return -1
		case k.order > order:
			return 1
		}
		return 0
	})
	return q.head + i
}

// first is the order of the first message that is kept.
func (q *recentQueue) first() uint64 {
	for _, k := range q.kept[q.head:] {
		if k.stands() {
			return k.order
		}
	}
	return q.last + 1
}
