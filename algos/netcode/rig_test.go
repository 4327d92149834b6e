package netcode_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// payload is what message seq of stream app carries: bytes that no other has.
func payload(app uint32, seq uint64, size int) []byte {
	b := make([]byte, size)
	x := uint64(app)<<40 ^ seq*0x9e3779b97f4a7c15 ^ 1
	var word [8]byte
	for i := 0; i < size; i += 8 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		binary.LittleEndian.PutUint64(word[:], x)
		copy(b[i:], word[:])
	}
	return b
}

// ledger is a sink that compares every message with its source and remembers which
// came.
type ledger struct {
	t    coretest.TB
	name string
	seqs map[uint32][]uint64
}

func newLedger(t coretest.TB, name string) *ledger {
	return &ledger{t: t, name: name, seqs: make(map[uint32][]uint64)}
}

// Consume implements core.Sink.
func (l *ledger) Consume(_ *core.Node, m *core.Msg) {
	if want := payload(m.App(), m.Seq(), len(m.Payload())); !bytes.Equal(m.Payload(), want) {
		l.t.Errorf("%s: message %d of stream %d is not what was sent", l.name, m.Seq(), m.App())
	}
	l.seqs[m.App()] = append(l.seqs[m.App()], m.Seq())
}

// say sends a data message of a stream as its source would.
func say(n *core.Switch, app uint32, seq uint64, size int, to ...core.NodeID) {
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, app, size)
		m.SetSeq(seq)
		copy(m.Payload(), payload(app, seq, size))
		for _, dest := range to {
			n.Send(m, dest)
		}
	})
}

func seqsUpTo(n int) string {
	var s []uint64
	for i := range uint64(n) {
		s = append(s, i)
	}
	return fmt.Sprint(s)
}
