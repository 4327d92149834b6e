package netcode_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
)

// tail decodes generations and counts them.
type tail struct {
	algos.Base
	dec  coding.Decoder
	kept []*core.Msg
	done int
}

func (d *tail) Process(m *core.Msg) core.Verdict {
	if m.Type() != netcode.TypeCoded {
		return d.Base.Process(m)
	}
	p, err := coding.Parse(m.Payload())
	if err != nil {
		return core.Done
	}
	if d.dec.Generation() != p.Generation {
		for _, k := range d.kept {
			d.Release(k)
		}
		d.kept = d.kept[:0]
		if d.dec.Reset(p.Generation) != nil {
			return core.Done
		}
	}
	if r, err := d.dec.Add(m.Payload()); err == nil && r == coding.Innovative {
		d.Retain(m)
		d.kept = append(d.kept, m)
		if d.dec.Complete() {
			d.done++
		}
	}
	return core.Done
}

// mixerChain is a node that sends generations, a mixer and a decoder.
func mixerChain(t coretest.TB, n, m int) (w *coretest.World, x *netcode.Mixer, d *tail, send func(id uint32)) {
	const k, size = 8, 200
	w = coretest.New(t, core.Config{})
	d = &tail{}
	w.Node("d", d)
	x = netcode.NewMixer(n, m, w.ID("d"))
	w.Node("x", x)
	s := w.Node("s", &algos.Base{})
	var enc coding.Encoder
	packets := make([][]byte, k)
	for i := range packets {
		packets[i] = payload(1, uint64(i), size)
	}
	to := x.ID()
	send = func(id uint32) {
		if err := enc.Reset(coding.Generation{ID: id, K: k, Size: size, Last: size}, packets); err != nil {
			t.Fatalf("%v", err)
		}
		s.Call(func() {
			for range k {
				msg := s.NewMsg(netcode.TypeCoded, 1, enc.Len())
				if _, err := enc.Coded(msg.Payload()); err != nil {
					t.Fatalf("%v", err)
				}
				s.Send(msg, to)
			}
		})
		for w.Shard().Unflushed() || w.Shard().Ready() {
			w.Shard().Flush()
			w.Shard().ServeNext()
		}
	}
	return w, x, d, send
}

// What a mixer sends is made of what came: with spare packets nearly every generation is
// complete behind it, and it keeps no more than its window.
func TestMixer(t *testing.T) {
	w, x, d, send := mixerChain(t, 2, 3)
	for id := range uint32(100) {
		send(id)
		w.RunFor(time.Millisecond)
		if x.Held() > 2*8 {
			t.Fatalf("the mixer keeps %d messages", x.Held())
		}
	}
	c := x.Counters()
	if c.Received != 800 || c.Sent < 1150 || c.Sent > 1200 || c.Bad+c.Stale != 0 {
		t.Errorf("counters %+v", c)
	}
	if d.done < 95 {
		t.Errorf("%d of 100 generations are complete behind the mixer", d.done)
	}
}

// In steady state recoding allocates nothing a generation.
func TestMixerAllocates(t *testing.T) {
	w, _, _, send := mixerChain(t, 4, 4)
	id := uint32(0)
	next := func() { send(id); id++ }
	next()
	w.RunFor(time.Second)
	for range 50 {
		next()
	}
	if got := testing.AllocsPerRun(200, next); got > 0 {
		t.Errorf("%v allocations a generation", got)
	}
}
