package netcode_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// again is a source of the same message again and again.
type again struct {
	slab *bufpool.Slab
	run  core.Run
}

// Produce implements core.Source.
func (s *again) Produce(n *core.Node) core.Supply {
	if s.slab == nil {
		slab, err := n.Pool().Get()
		if err != nil {
			panic(err)
		}
		s.slab = slab
		for b := slab.Bytes(); len(b) >= wire.HeaderSize+size; b = b[wire.HeaderSize+size:] {
			wire.PutHeader(b, wire.Header{Type: wire.TypeData, Sender: n.ID(), App: 1, Size: size})
			s.run.Len += wire.HeaderSize + size
			s.run.Msgs++
		}
		s.run.Slab = slab
	}
	s.slab.Retain()
	return core.Supply{Run: s.run}
}

// Close implements core.Source.
func (s *again) Close() { s.slab.Release() }

// BenchmarkMulticast is a packet on its way from a source through a relay, which recodes
// it, to a receiver, which decodes it: what the switch and the algorithm cost besides the
// sums, which K = 2 makes few.
func BenchmarkMulticast(b *testing.B) {
	for _, c := range []struct {
		name string
		k    int
	}{{"K=2", 2}, {"K=32", 32}} {
		b.Run(c.name, func(b *testing.B) {
			delivered := 0
			w := coretest.New(b, core.Config{})
			t := w.Node("t", netcode.NewMulticast(netcode.Session{App: 1, Deliver: func(coding.Generation, int, []byte) { delivered++ }}))
			r := w.Node("r", netcode.NewMulticast(netcode.Session{App: 1, Downstreams: []core.NodeID{t.ID()}}))
			s := w.Node("s", netcode.NewMulticast(netcode.Session{App: 1, K: c.k, Downstreams: []core.NodeID{r.ID()}}))
			s.AddSource(1, &again{})
			for delivered < 1000 {
				w.Step()
			}
			delivered = 0
			b.SetBytes(size)
			b.ReportAllocs()
			for b.ResetTimer(); delivered < b.N; {
				w.Step()
			}
		})
	}
}
