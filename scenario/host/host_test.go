package host_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }

// recording is an algorithm that records what it gets, as one that a scenario can name.
func recording(r *coretest.Recorder) *host.Registry {
	reg := host.Shipped()
	reg.Add(host.Algorithm{Name: "recorder", New: func(host.Env) (core.Algorithm, error) { return r, nil }})
	return reg
}

func newHost(t *testing.T, r *host.Registry, s host.Setup) *host.Host {
	t.Helper()
	h, err := host.New(r, s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Whatever comes, in whatever order and how often: each message is counted, and each
// number once.
func TestCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := coretest.New(rt, core.Config{})
		h := newHost(t, recording(&coretest.Recorder{}), host.Setup{Name: "b", Algorithm: "recorder"})
		b := w.Node("b", h)
		a, c := w.Node("a", &coretest.Recorder{}), w.Node("c", &coretest.Recorder{})
		type key struct {
			from string
			app  uint32
			seq  uint64
		}
		distinct := make(map[key]bool)
		msgs := make(map[core.NodeID]uint64)
		for range rapid.IntRange(0, 50).Draw(rt, "messages") {
			from := rapid.SampledFrom([]*core.Switch{a, c}).Draw(rt, "from")
			app := rapid.Uint32Range(1, 2).Draw(rt, "app")
			seq := rapid.SampledFrom([]uint64{0, 1, 2, 63, 64, 1000, 100_000}).Draw(rt, "seq")
			w.Send(from, b.ID(), wire.TypeData, app, seq, []byte("12345"))
			w.Run()
			msgs[from.ID()]++
			distinct[key{from.ID().String(), app, seq}] = true
		}
		k := h.Count()
		got := uint64(0)
		for _, app := range k.Apps {
			got += app.Distinct
		}
		for _, in := range k.In {
			msgs[in.From] -= in.Msgs
			if in.Bytes != in.Msgs*29 || in.Payload != in.Msgs*5 {
				rt.Errorf("%+v", in)
			}
		}
		if got != uint64(len(distinct)) || msgs[a.ID()] != 0 || msgs[c.ID()] != 0 {
			rt.Errorf("%d distinct, want %d; %v messages uncounted", got, len(distinct), msgs)
		}
	})
}

// Numbers that are too large to remember count as new, and take no memory.
func TestNumbersBeyondMemory(t *testing.T) {
	w := coretest.New(t, core.Config{})
	h := newHost(t, recording(&coretest.Recorder{}), host.Setup{Name: "b", Algorithm: "recorder"})
	b, a := w.Node("b", h), w.Node("a", &coretest.Recorder{})
	for range 3 {
		w.Send(a, b.ID(), wire.TypeData, 1, 1<<63, nil)
	}
	w.Run()
	if k := h.Count(); k.Apps[0].Distinct != 3 {
		t.Errorf("%+v", k)
	}
}

// A slow node takes its time for each message, keeps their order, makes its upstream
// wait, and loses nothing when it becomes fast again.
func TestSlow(t *testing.T) {
	w := coretest.New(t, core.Config{QueueMsgs: 4})
	var got coretest.Recorder
	h := newHost(t, recording(&got), host.Setup{Name: "b", Algorithm: "recorder",
		Commands: []host.Command{{Op: host.OpSlow, PerMessage: 10 * time.Millisecond}}})
	b := w.Node("b", h)
	a := newHost(t, host.Shipped(), host.Setup{Name: "a", Algorithm: "relay", Downstreams: []core.NodeID{b.ID()}})
	src := w.Node("a", a)
	w.RunFor(time.Millisecond)
	src.Call(func() {
		a.Obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: spec.BackToBack, Payload: 100, Limit: 50}})
	})
	w.RunFor(105 * time.Millisecond)
	if n := len(got.Of(wire.TypeData)); n != 10 {
		t.Errorf("%d messages in 105 ms at 10 ms each", n)
	}
	if sent := a.Count().Apps[0].Sent; sent != 50 {
		t.Errorf("the source made %d messages", sent)
	}
	b.Call(func() { h.Obey(host.Command{Op: host.OpSlow}) })
	w.Run()
	data := got.Of(wire.TypeData)
	if len(data) != 50 {
		t.Fatalf("%d of 50 messages", len(data))
	}
	for i, m := range data {
		if m.Seq != uint64(i) {
			t.Fatalf("message %d is number %d", i, m.Seq)
		}
	}
}

// keeper retains what comes, and releases it when the next has come, or at once.
type keeper struct {
	algos.Base
	kept *core.Msg
	got  int
}

func (k *keeper) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return k.Base.Process(m)
	}
	k.got++
	k.Retain(m)
	if k.kept != nil {
		k.Release(k.kept)
	}
	if k.kept = m; k.got%3 == 0 {
		k.Release(m)
		k.kept = nil
	}
	return core.Done
}

// An algorithm that retains messages may be made slow as well. (It ended with "Retain of a message that is not the one
// being processed".)
func TestSlowRetains(t *testing.T) {
	for _, strict := range []bool{false, true} {
		w := coretest.New(t, core.Config{QueueMsgs: 4, Strict: strict})
		k := &keeper{}
		reg := host.Shipped()
		reg.Add(host.Algorithm{Name: "keeper", New: func(host.Env) (core.Algorithm, error) { return k, nil }})
		b := w.Node("b", newHost(t, reg, host.Setup{Name: "b", Algorithm: "keeper",
			Commands: []host.Command{{Op: host.OpSlow, PerMessage: 10 * time.Millisecond}}}))
		a := newHost(t, host.Shipped(), host.Setup{Name: "a", Algorithm: "relay", Downstreams: []core.NodeID{b.ID()}})
		src := w.Node("a", a)
		w.RunFor(time.Millisecond)
		src.Call(func() {
			a.Obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: spec.BackToBack, Payload: 100, Limit: 50}})
		})
		w.RunFor(time.Second)
		if c := w.Crash(b.ID()); c != nil {
			t.Fatalf("strict %v: %v", strict, c.Value)
		}
		if k.got != 50 || k.Held() != 1 {
			t.Errorf("strict %v: %d of 50 messages, and %d are held, want 1", strict, k.got, k.Held())
		}
	}
}

// What the timeline asks for reaches the algorithm as the observer's word does.
func TestMembership(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var got coretest.Recorder
	h := newHost(t, recording(&got), host.Setup{Name: "a", Algorithm: "recorder"})
	n := w.Node("a", h)
	w.Run()
	n.Call(func() { h.Obey(host.Command{Op: host.OpJoin, App: 3}) })
	n.Call(func() { h.Obey(host.Command{Op: host.OpLeave, App: 3}) })
	if len(got.Of(wire.TypeJoin)) != 1 || len(got.Of(wire.TypeLeave)) != 1 {
		t.Errorf("got %+v", got.Got)
	}
}

func TestSetupsThatMakeNoSense(t *testing.T) {
	for _, s := range []host.Setup{
		{Algorithm: "nothing"},
		{Algorithm: "gossip"},
		{Algorithm: "gossip", Params: map[string]string{"probability": "much"}},
	} {
		if _, err := host.New(host.Shipped(), s); err == nil {
			t.Errorf("%+v makes a host", s)
		}
	}
}

// Counting a message takes nothing from the heap once its stream is known.
func TestCountingAllocatesNothing(t *testing.T) {
	w := coretest.New(t, core.Config{})
	h := newHost(t, host.Shipped(), host.Setup{Name: "b", Algorithm: "relay"})
	b := w.Node("b", h)
	a := newHost(t, host.Shipped(), host.Setup{Name: "a", Algorithm: "relay", Downstreams: []core.NodeID{b.ID()}})
	src := w.Node("a", a)
	w.Run()
	src.Call(func() {
		a.Obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: spec.BackToBack, Payload: 1000}})
	})
	for range 2000 {
		w.Step()
	}
	h.Count()
	steps := testing.AllocsPerRun(20, func() {
		for range 200 {
			w.Step()
		}
	})
	if per := steps / max(float64(h.Count().In[0].Msgs)/21, 1); per > 0.01 {
		t.Errorf("%.3f allocations a message", per)
	}
}
