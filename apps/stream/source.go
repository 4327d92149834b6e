package stream

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// SourceOptions say how a stream is sent. Zero values have defaults.
type SourceOptions struct {
	App     uint32        // application (session), not 0
	Packets int           // transport packets in a message at most; 0: 7, which fit an Ethernet frame and are what UDP media have
	MaxWait time.Duration // how long media may wait for the overlay, then the oldest are dropped and counted; 0: 2 s
	Repair  Repair        // against loss; none
	// Linger is for how long the end is told again, every 200 ms, once all media have gone: for receivers whose parent failed, or
	// whose link lost it. 0: 3 s; negative: it is told once.
	Linger time.Duration
	// Room, if set, is called on the node's loop when media that waited have gone, and when the source is done, so that whoever waited
	// for Ready, Drained or Done may go on.
	Room func()
}

// DefaultMaxWait is how long media may wait for the overlay, unless options say otherwise.
const DefaultMaxWait = 2 * time.Second

// Limits of a source.
const (
	maxPackets  = 256     // transport packets in a message
	readyQueue  = 256     // messages that wait, from which on a source is not Ready
	maxQueue    = 1 << 16 // messages that wait at most
	retryMemory = time.Millisecond
)

// SourceCounts are of a source.
type SourceCounts struct {
	Media   uint64 `json:"media"`   // media messages made
	Repair  uint64 `json:"repair"`  // repair messages made
	Sent    uint64 `json:"sent"`    // messages given to the overlay, of every kind
	Dropped uint64 `json:"dropped"` // media messages made and not sent: they had waited for too long
	Junk    uint64 `json:"junk"`    // bytes of the input that belong to no transport packet
	Losses  uint64 `json:"losses"`  // times that the input's packets had to be looked for
}

// Source is an application that sends a stream: it implements core.Source. All methods belong to the node's loop.
type Source struct {
	opt     SourceOptions
	epoch   uint32
	born    bool
	aligner Aligner
	coder   *repairEncoder

	queue, free [][]byte      // payloads that wait; buffers for others
	media       uint64        // media messages made
	seq         uint64        // messages sent
	over        bool          // End was called
	told        bool          // the end has been sent once
	endAt       time.Duration // when it is sent again
	until       time.Duration // until when
	done        bool          // that is past
	counts      SourceCounts

	slab *bufpool.Slab // in which frames are laid down, one behind the other
	used int           // bytes of it
}

// NewSource makes a source. Options out of range are a programmer's mistake.
func NewSource(o SourceOptions) *Source {
	if o.Packets == 0 {
		o.Packets = 7
	}
	if o.MaxWait == 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.Linger == 0 {
		o.Linger = DefaultLinger
	}
	if o.App == 0 || o.Packets < 1 || o.Packets > maxPackets || o.MaxWait < 0 || o.Repair.Check() != nil {
		panic(fmt.Sprintf("stream: a source needs an application above 0, 1 to %d packets a message, a time to wait above 0 and a repair within its limits, not %+v", maxPackets, o))
	}
	return &Source{opt: o}
}

// Counts are what happened so far.
func (s *Source) Counts() SourceCounts {
	c := s.counts
	c.Media, c.Sent, c.Junk, c.Losses = s.media, s.seq, s.aligner.Junk(), s.aligner.Losses()
	return c
}

// Ready reports whether more media would not wait for long. An input that can wait, does.
func (s *Source) Ready() bool { return len(s.queue) < readyQueue }

// Abandon drops what waits, and counts it: nobody will take it. Of a source that has ended nothing more comes.
func (s *Source) Abandon() {
	s.done = s.over
	for _, p := range s.queue {
		if h, _, err := Parse(p); err == nil && h.Kind == KindMedia {
			s.counts.Dropped++
		}
	}
	s.drop(len(s.queue))
}

// Push takes bytes of the input, of which it keeps nothing, and wakes the source.
func (s *Source) Push(n *core.Node, b []byte) {
	if s.over {
		return
	}
	s.begin(n)
	s.aligner.Add(b, func(packets []byte) { s.cut(n.Now(), packets) })
	s.trim(n.Now())
	n.WakeSource(s.opt.App)
}

// changed tells whoever waits for Ready, Drained or Done.
func (s *Source) changed() {
	if s.opt.Room != nil {
		s.opt.Room()
	}
}

// begin draws an epoch.
func (s *Source) begin(n *core.Node) {
	if s.born {
		return
	}
	s.born, s.epoch = true, n.Rand().Uint32()
	if s.opt.Repair.Every > 0 {
		s.coder = newRepairEncoder(s.opt.Repair, s.epoch, s.opt.Packets*PacketLen)
	}
}

// cut makes messages of packets.
func (s *Source) cut(now time.Duration, packets []byte) {
	for most := s.opt.Packets * PacketLen; len(packets) > 0; {
		n := min(most, len(packets))
		s.message(now, packets[:n])
		packets = packets[n:]
	}
}

// message makes a media message, and a repair message if one is due.
func (s *Source) message(now time.Duration, body []byte) {
	p := s.room(HeaderLen + len(body))
	Header{Kind: KindMedia, Epoch: s.epoch, Seq: s.media, Time: now}.Put(p)
	copy(p[HeaderLen:], body)
	s.media++
	if s.coder != nil && s.coder.add(s.media-1, now, body) {
		p := s.room(HeaderLen + s.coder.size())
		Header{Kind: KindRepair, Epoch: s.epoch, Seq: s.media, Time: now}.Put(p)
		s.coder.put(p[HeaderLen:])
		s.counts.Repair++
	}
}

// room is a payload at the end of the queue.
func (s *Source) room(size int) []byte {
	var p []byte
	if n := len(s.free); n > 0 && cap(s.free[n-1]) >= size {
		p, s.free = s.free[n-1][:size], s.free[:n-1]
	} else {
		p = make([]byte, size, max(size, HeaderLen+codedHead+repairHead+s.opt.Packets*PacketLen))
	}
	s.queue = append(s.queue, p)
	return p
}

// codedHead is the length of a coded packet's own header.
var codedHead = coding.Stream{}.CodedLen()

// trim drops what has waited for too long.
func (s *Source) trim(now time.Duration) {
	n := 0
	for n < len(s.queue) {
		h, _, err := Parse(s.queue[n])
		if err != nil {
			panic("stream: a message of its own does not read: " + err.Error())
		}
		if h.Kind == KindEnd || now-h.Time <= s.opt.MaxWait && len(s.queue)-n <= maxQueue {
			break
		}
		if h.Kind == KindMedia {
			s.counts.Dropped++
		}
		n++
	}
	s.drop(n)
}

// drop takes the first messages out of the queue.
func (s *Source) drop(n int) {
	if n == 0 {
		return
	}
	s.free = append(s.free, s.queue[:n]...)
	left := copy(s.queue, s.queue[n:])
	clear(s.queue[left:])
	s.queue = s.queue[:left]
	if keep := readyQueue; len(s.free) > keep {
		clear(s.free[keep:])
		s.free = s.free[:keep]
	}
}

// Produce implements core.Source: what waits, up to a slab.
func (s *Source) Produce(n *core.Node) core.Supply {
	s.trim(n.Now())
	if len(s.queue) == 0 {
		if rest, more := s.after(n.Now()); !more {
			return rest
		}
	}
	head := wire.HeaderLen(n.ID())
	if s.slab != nil && s.used+head+len(s.queue[0]) > len(s.slab.Bytes()) {
		s.Close()
	}
	if s.slab == nil {
		slab, err := n.Pool().GetSize(max(n.Pool().SlabSize(), head+len(s.queue[0])))
		if err != nil {
			return core.Supply{Wake: n.Now() + retryMemory}
		}
		s.slab, s.used = slab, 0
	}
	r := core.Run{Slab: s.slab, Off: uint32(s.used)}
	for _, p := range s.queue {
		if s.used+head+len(p) > len(s.slab.Bytes()) {
			break
		}
		b := s.slab.Bytes()[s.used : s.used+head+len(p)]
		wire.PutHeader(b, wire.Header{Type: wire.TypeData, Sender: n.ID(), App: s.opt.App, Size: len(p)})
		wire.SetSeq(b, s.seq)
		copy(b[head:], p)
		s.used += len(b)
		s.seq++
		r.Msgs++
	}
	r.Len = uint32(s.used) - r.Off
	s.drop(int(r.Msgs))
	s.slab.Retain()
	s.changed()
	return core.Supply{Run: r}
}

// Close implements core.Source.
func (s *Source) Close() {
	if s.slab != nil {
		s.slab.Release()
		s.slab = nil
	}
}
