package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// FuzzKit gives a node that has asked something, and has handlers, anything that the
// node that was asked can send. It must not panic, and its call must end once.
func FuzzKit(f *testing.F) {
	for _, t := range []core.Type{wire.TypeAnswer, typeDouble, typeDouble + 1, typeDouble + 500, 300, wire.TypeLinkDown, wire.TypeSendFailed, wire.TypeTimer, wire.TypeTerminateNode} {
		for _, seq := range []uint64{0, 1, 1 << 31, 1<<62 + 2, 7<<32 | 3} {
			f.Add(uint16(t), uint32(0), seq, []byte{4}, true)
		}
	}
	f.Fuzz(func(t *testing.T, typ uint16, app uint32, seq uint64, payload []byte, right bool) {
		typ = max(typ%uint16(wire.MaxType), 1)
		if core.Type(typ) == wire.TypeHello || core.Type(typ) == wire.TypeBye || len(payload) > 64<<10 {
			return
		}
		w := coretest.New(t, core.Config{})
		h, k := &handled{}, &keeper{}
		w.Node("node", h)
		w.Node("asked", k)
		ends := 0
		w.Call(h, func() {
			algos.Ask(&h.Base, k.ID(), typeDouble, &number{1}, time.Second, func(r *number, err error) {
				if ends++; (r == nil) != (err != nil) {
					t.Errorf("ended with %v and %v", r, err)
				}
			})
		})
		w.RunFor(0)
		if right {
			seq = k.raw[0]
		}
		if core.Type(typ).Local() {
			w.Deliver(h, core.Type(typ), app, seq, payload)
		} else {
			w.Send(k, h.ID(), core.Type(typ), app, seq, payload)
		}
		w.RunFor(2 * time.Second)
		if s := h.CallStats(); !h.Ended() && (ends != 1 || s.Open != 0 || s.Answered+s.Unreachable+s.TimedOut != s.Made) {
			t.Errorf("ended %d times: %+v", ends, s)
		}
	})
}
