package engine

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// In steady state a switched message allocates nothing. What the runtime and the
// test itself allocate now and then is divided by very many messages.
func TestSwitchingAllocatesNothing(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build's records are no part of the system")
	}
	inWorlds(t, func(t *testing.T, w world) {
		const hops, msgs, payload = 4, 200_000, 1000
		e := newEngine(t, w.options())
		var count atomic.Uint64
		nodes := e.row(t, hops+1, sinkFunc(func(*core.Node, *core.Msg) { count.Add(1) }))
		do(t, nodes[0], func(c *core.Node) { c.AddSource(1, newFountain(t, c, payload)) })
		allocated := func(until uint64) uint64 {
			eventually(t, "messages flow", func() bool { return count.Load() >= until })
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.Mallocs
		}
		before := allocated(50_000) // queues have grown to what they need
		first := count.Load()
		after := allocated(first + msgs)
		hopped := float64(hops * (count.Load() - first))
		if per := float64(after-before) / hopped; per > 0.001 {
			t.Errorf("%.5f allocations per message and hop (%d in all); want none", per, after-before)
		}
	})
}

// fountain is a source that sends one slab of messages again and again, and so
// allocates nothing however much is on its way.
type fountain struct{ run core.Run }

func newFountain(t testing.TB, c *core.Node, payload int) *fountain {
	t.Helper()
	slab, err := c.Pool().Get()
	if err != nil {
		t.Fatal(err)
	}
	run := core.Run{Slab: slab}
	for b := slab.Bytes(); len(b) >= wire.HeaderSize+payload; b = b[wire.HeaderSize+payload:] {
		wire.PutHeader(b, wire.Header{Type: wire.TypeData, Sender: c.ID(), App: 1, Size: payload})
		run.Len += uint32(wire.HeaderSize + payload)
		run.Msgs++
	}
	return &fountain{run}
}

// Produce implements core.Source.
func (f *fountain) Produce(*core.Node) core.Supply {
	f.run.Slab.Retain()
	return core.Supply{Run: f.run}
}

// Close implements core.Source.
func (f *fountain) Close() { f.run.Slab.Release() }
