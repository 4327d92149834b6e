package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
)

// caller has one message of each kind in hand, as its Process would get it.
func caller(tb testing.TB, do func(w *coretest.World, d, e *doubler)) {
	tb.Helper()
	w := coretest.New(tb, core.Config{})
	d, e := &doubler{}, &doubler{}
	w.Node("a", d)
	w.Node("b", e)
	w.RunFor(0)
	do(w, d, e)
}

// dispatched makes a function that gives a node a message of a type that has a handler.
func dispatched(w *coretest.World, d *doubler) func() {
	algos.On(&d.Base, typeDouble+1, func(_ *core.Msg, n *number) { d.asked += n.N })
	return func() {
		w.Call(d, func() { d.Process(d.NewPacked(typeDouble+1, 0, one)) })
	}
}

var one pack.Body = &number{1}

// byHand is the same without the kit: a message of 1 byte, handled in Process.
type byHand struct {
	algos.Base
	sum int
}

func (b *byHand) Process(m *core.Msg) core.Verdict {
	if m.Type() == typeDouble+1 {
		b.sum += int(m.Payload()[0])
		return core.Done
	}
	return b.Base.Process(m)
}

func BenchmarkDispatch(b *testing.B) {
	b.Run("on", func(b *testing.B) {
		caller(b, func(w *coretest.World, d, _ *doubler) {
			do := dispatched(w, d)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	})
	b.Run("by hand", func(b *testing.B) {
		w := coretest.New(b, core.Config{})
		h := &byHand{}
		w.Node("a", h)
		w.RunFor(0)
		b.ReportAllocs()
		for b.Loop() {
			w.Call(h, func() {
				m := h.NewMsg(typeDouble+1, 0, 1)
				m.Payload()[0] = 1
				h.Process(m)
			})
		}
	})
}

func BenchmarkTimer(b *testing.B) {
	caller(b, func(w *coretest.World, d, _ *doubler) {
		b.ReportAllocs()
		fn := func() {}
		for b.Loop() {
			d.AfterFunc(time.Second, fn).Stop()
		}
	})
}

// BenchmarkCall is a call and its answer over a link in memory, in a world of two nodes:
// four messages handled, two of them by the kit.
func BenchmarkCall(b *testing.B) {
	caller(b, func(w *coretest.World, d, e *doubler) {
		b.ReportAllocs()
		fn := func(*core.Msg, error) {}
		for b.Loop() {
			w.Call(d, func() { d.Call(e.ID(), typeDouble, one, time.Second, fn) })
			w.RunFor(0)
		}
		if s := d.CallStats(); s.Answered != s.Made {
			b.Errorf("%+v", s)
		}
	})
}

// BenchmarkCallCancelled is a call alone: packed, sent and forgotten.
func BenchmarkCallCancelled(b *testing.B) {
	caller(b, func(w *coretest.World, d, e *doubler) {
		b.ReportAllocs()
		fn := func(*core.Msg, error) {}
		i := 0
		for b.Loop() {
			w.Call(d, func() { d.Call(e.ID(), typeDouble, one, time.Second, fn).Cancel() })
			if i++; i%1000 == 0 {
				w.RunFor(0)
			}
		}
	})
}

// TestAllocationsOfTheKit: a handler costs its body, a timer nothing, and a call nothing
// beyond what its author makes.
func TestAllocationsOfTheKit(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("slabs that are traced allocate")
	}
	caller(t, func(w *coretest.World, d, e *doubler) {
		on := dispatched(w, d)
		on()
		fn, f := func(*core.Msg, error) {}, func() {}
		ask := func() { d.Call(e.ID(), typeDouble, one, time.Second, fn).Cancel() }
		plain := testing.AllocsPerRun(100, on)
		timer := testing.AllocsPerRun(100, func() { d.AfterFunc(time.Second, f).Stop() })
		w.Call(d, ask)
		call := testing.AllocsPerRun(100, func() { w.Call(d, ask) })
		t.Logf("dispatch %v, call %v, timer %v", plain, call, timer)
		if plain > 1 || timer > 0 || call > 0 {
			t.Errorf("allocations: dispatch %v, call %v, timer %v", plain, call, timer)
		}
	})
}
