package stream

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// syntheticPID is the identifier of synthetic packets, and unitPackets how many of them make a unit.
const (
	syntheticPID = 0x100
	unitPackets  = 14
)

// Synthetic writes transport packet number index of the synthetic stream into dst: what each byte of it is follows from the
// index, so that [CheckSynthetic] can tell whether it is whole. A unit begins every 14 packets.
func Synthetic(dst []byte, index uint64) {
	_ = dst[PacketLen-1]
	dst[0], dst[1], dst[2], dst[3] = syncByte, syntheticPID>>8, syntheticPID&0xff, 0x10|byte(index&0x0f)
	if index%unitPackets == 0 {
		dst[1] |= 0x40
	}
	binary.BigEndian.PutUint64(dst[4:], index)
	x := index*0x9e3779b97f4a7c15 + 1
	for at := 12; at < PacketLen; at += 8 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		binary.LittleEndian.PutUint64(dst[at:], x)
	}
}

// CheckSynthetic is the index of a synthetic packet, and false if it is not whole.
func CheckSynthetic(packet []byte) (index uint64, whole bool) {
	if len(packet) != PacketLen {
		return 0, false
	}
	var want [PacketLen]byte
	index = binary.BigEndian.Uint64(packet[4:])
	Synthetic(want[:], index)
	return index, string(want[:]) == string(packet)
}

// SyntheticSource sends synthetic media at a constant rate, for scenarios and tests: it implements core.Source, in all worlds
// alike. It sends no end, so that its messages are as many as it was asked for.
type SyntheticSource struct {
	*Source
	rate  float64
	limit uint64
	made  uint64 // messages, of every kind
	index uint64 // of the next packet
	start time.Duration
	begun bool
	body  []byte
}

// NewSynthetic makes a source of rate messages a second, repair messages included, and limit in all, 0 for no end.
func NewSynthetic(o SourceOptions, rate float64, limit uint64) *SyntheticSource {
	if !(rate > 0) || math.IsInf(rate, 1) {
		panic(fmt.Sprintf("stream: a synthetic source needs a rate above 0 messages a second, not %v", rate))
	}
	s := &SyntheticSource{Source: NewSource(o), rate: rate, limit: limit}
	s.body = make([]byte, s.opt.Packets*PacketLen)
	return s
}

// Sent is how many messages the source has produced.
func (s *SyntheticSource) Sent() uint64 { return s.seq }

// due is when message number i is meant to be sent.
func (s *SyntheticSource) due(i uint64) time.Duration {
	return s.start + time.Duration(float64(i)/s.rate*float64(time.Second))
}

// Produce implements core.Source.
func (s *SyntheticSource) Produce(n *core.Node) core.Supply {
	now := n.Now()
	if !s.begun {
		s.begun, s.start = true, now
	}
	s.begin(n)
	for most := 0; most < readyQueue && !s.done() && s.due(s.made) <= now; most++ {
		for at := 0; at < len(s.body); at += PacketLen {
			Synthetic(s.body[at:], s.index)
			s.index++
		}
		before := len(s.queue)
		s.message(s.due(s.made), s.body)
		if s.made += uint64(len(s.queue) - before); s.limit > 0 && s.made > s.limit { // no room for the repair message
			s.queue, s.made = s.queue[:len(s.queue)-1], s.limit
		}
	}
	switch supply := s.Source.Produce(n); {
	case supply.Run.Slab != nil || supply.Wake > 0:
		return supply
	case s.done():
		return core.Supply{End: true}
	default:
		return core.Supply{Wake: s.due(s.made)}
	}
}

func (s *SyntheticSource) done() bool { return s.limit > 0 && s.made >= s.limit }
