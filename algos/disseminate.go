package algos

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/ioverlay/ioverlay/core"
)

// Disseminate sends a message to each of the hosts with probability p, which is
// from 0 to 1 (paper, section 2.2: gossip). It passes over this node itself and
// the node that the message came from, and returns how many it sent.
func (b *Base) Disseminate(m *core.Msg, p float64, hosts ...core.NodeID) int {
	return b.spread(m, p, m.From(), hosts)
}

// spread is Disseminate for a message that came, in some form, from the given
// node. Numbers are drawn only if they matter: not for p = 0 or 1.
func (b *Base) spread(m *core.Msg, p float64, from core.NodeID, hosts []core.NodeID) (sent int) {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("algos: Disseminate with a probability of %v, which is not from 0 to 1", p))
	}
	if p == 0 {
		return 0
	}
	self := b.ID()
	for _, h := range hosts {
		if h == self || h == from || p < 1 && b.Rand().Float64() >= p {
			continue
		}
		b.Send(m, h)
		sent++
	}
	return sent
}

// Fresh reports whether a message is seen for the first time, and remembers it.
// It goes by type, sender, application and sequence number. An algorithm that
// floods drops what is not fresh: that is what ends the flood. The newest
// SeenAtLeast messages are remembered for sure.
func (b *Base) Fresh(m *core.Msg) bool {
	return b.mark(fingerprint(m.Sender(), m.Type(), m.App(), m.Seq()), 1) == 0
}

// mark remembers a message and returns the level it was seen at before, 0 if it
// was not. Levels above 1 are for queries, which are worth another look when they
// come again with farther to go.
func (b *Base) mark(key uint64, level uint8) (before uint8) {
	if b.seen == nil {
		b.seen = &seenSet{}
	}
	return b.seen.mark(key, level)
}

// fingerprint stands for a message. A new message has that of one remembered by
// chance once in 10^13 (896 of 56 bits). Peers could forge one; all it would do is stop a message
// that they need not have relayed.
func fingerprint(origin core.NodeID, t core.Type, app uint32, seq uint64) uint64 {
	var key [32]byte
	addr := origin.AddrPort().Addr().As16()
	copy(key[:], addr[:])
	binary.BigEndian.PutUint16(key[16:], origin.Port())
	binary.BigEndian.PutUint16(key[18:], uint16(t))
	binary.BigEndian.PutUint32(key[20:], app)
	binary.BigEndian.PutUint64(key[24:], seq)
	return xxhash.Sum64(key[:])
}

// nextNumber numbers this node's announcements and queries. It starts at random,
// so that a node that was restarted, in a world with another seed, is not taken
// for an echo of itself.
func (b *Base) nextNumber() uint32 {
	if b.number == 0 {
		b.number = b.Rand().Uint32()
	}
	b.number++
	return b.number
}
