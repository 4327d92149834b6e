package host_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// feeder is a node whose only algorithm passes data on to another that records it.
type feeder struct {
	w    *coretest.World
	got  coretest.Recorder
	host *host.Host
	node *core.Switch
}

func newFeeder(t interface {
	coretest.TB
	Fatal(...any)
}) *feeder {
	f := &feeder{w: coretest.New(t, core.Config{})}
	sink := f.w.Node("b", &f.got)
	h, err := host.New(host.Shipped(), host.Setup{Name: "a", Algorithm: "relay", Downstreams: []core.NodeID{sink.ID()}})
	if err != nil {
		t.Fatal(err)
	}
	f.host, f.node = h, f.w.Node("a", h)
	return f
}

func (f *feeder) obey(c host.Command) { f.node.Call(func() { f.host.Obey(c) }) }

// A constant rate sends what is due before its end, to the message, whatever the rate,
// the time and the moment at which somebody says that it is over: sooner than its last
// messages, or long after.
func TestSourcesEndByTheirOwnClock(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		perSec := rapid.IntRange(1, 400).Draw(rt, "messages a second")
		span := time.Duration(rapid.IntRange(5, 3000).Draw(rt, "ms")) * time.Millisecond
		limit := uint64(rapid.SampledFrom([]int{0, 0, 1, 7, 100_000}).Draw(rt, "limit"))
		f := newFeeder(rt)
		f.w.RunFor(time.Millisecond)
		f.obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{
			Kind: spec.ConstantRate, Payload: 40, MsgsPerSec: float64(perSec), Limit: limit, For: span}})
		said := span + time.Duration(rapid.IntRange(-2, 5).Draw(rt, "said late"))*time.Millisecond
		f.w.RunFor(said)
		// Message k is due at k/rate, so those of k < span*rate: the slow and plain count.
		want := uint64(0)
		for time.Duration(want)*time.Second < span*time.Duration(perSec) {
			want++
		}
		if limit > 0 {
			want = min(want, limit)
		}
		f.obey(host.Command{Op: host.OpStopSource, App: 1})
		f.w.RunFor(time.Second)
		if n := len(f.got.Of(wire.TypeData)); uint64(n) != want {
			rt.Fatalf("%d messages of %d/s in %v with a limit of %d, want %d", n, perSec, span, limit, want)
		}
		k := f.host.Count()
		if k.Apps[0].Sent != want || k.Apps[0].Due != want {
			rt.Fatalf("%+v, want %d", k.Apps, want)
		}
		if n := len(f.node.Stats().Upstream); n != 0 {
			rt.Fatalf("%d sources go on", n)
		}
	})
}

// A back-to-back source stops by its own clock too, and what a rate asks for and does
// not get is counted as due.
func TestSourcesThatAreHeldUp(t *testing.T) {
	f := newFeeder(t)
	f.w.RunFor(time.Millisecond)
	f.obey(host.Command{Op: host.OpBandwidth, Bandwidth: spec.NodeBandwidth{Up: 10_000}})
	f.obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: spec.ConstantRate, Payload: 976, MsgsPerSec: 1000, For: 2 * time.Second}})
	f.w.RunFor(2 * time.Second)
	f.obey(host.Command{Op: host.OpStopSource, App: 1})
	k := f.host.Count()
	if a := k.Apps[0]; a.Due != 2000 || a.Sent >= a.Due {
		t.Errorf("%+v", a)
	}
	sent := k.Apps[0].Sent
	f.w.RunFor(time.Hour) // what was accepted goes out; nothing new comes
	if k = f.host.Count(); len(k.Apps) != 0 {
		t.Errorf("%+v after its end", k.Apps)
	}
	if n := len(f.got.Of(wire.TypeData)); uint64(n) != sent {
		t.Errorf("%d messages of %d arrived", n, sent)
	}

	b := newFeeder(t)
	b.w.RunFor(time.Millisecond)
	b.obey(host.Command{Op: host.OpBandwidth, Bandwidth: spec.NodeBandwidth{Up: 100_000}})
	b.obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: spec.BackToBack, Payload: 976, For: time.Second}})
	b.w.RunFor(3 * time.Minute)
	before := b.host.Count().Apps[0].Sent
	b.w.RunFor(time.Minute)
	if k := b.host.Count(); len(k.Apps) != 0 || before == 0 {
		t.Errorf("%d, and then %+v after its time", before, k.Apps)
	}
}

// Reading counters costs what has changed, however many neighbours and applications
// there have been; sums of what is read are what happened.
func TestCountsAreOfWhatHasChanged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := coretest.New(rt, core.Config{})
		h, err := host.New(recording(&coretest.Recorder{}), host.Setup{Name: "z", Algorithm: "recorder"})
		if err != nil {
			rt.Fatal(err)
		}
		z := w.Node("z", h)
		var from []*core.Switch
		for i := range 5 {
			from = append(from, w.Node(fmt.Sprintf("n%d", i), &coretest.Recorder{}))
		}
		type key struct {
			from core.NodeID
			app  uint32
		}
		want, read := make(map[key]uint64), make(map[key]uint64)
		seq := uint64(0)
		for range rapid.IntRange(1, 8).Draw(rt, "reads") {
			changed := make(map[key]bool)
			for range rapid.IntRange(0, 12).Draw(rt, "messages") {
				f := rapid.SampledFrom(from).Draw(rt, "from")
				app := rapid.Uint32Range(1, 6).Draw(rt, "app")
				seq++
				w.Send(f, z.ID(), wire.TypeData, app, seq, []byte("x"))
				w.Run()
				want[key{f.ID(), app}]++
				changed[key{f.ID(), app}] = true
			}
			k := h.Count()
			if len(k.In) != len(changed) {
				rt.Fatalf("%d counts, and %d have changed", len(k.In), len(changed))
			}
			for _, in := range k.In {
				read[key{in.From, in.App}] += in.Msgs
			}
		}
		for k, n := range want {
			if read[k] != n {
				rt.Fatalf("%v: %d, want %d", k, read[k], n)
			}
		}
	})
}

// What waits is told when it changes and when nothing waits any more; losses are told
// once.
func TestCountsOfDownstreams(t *testing.T) {
	f := newFeeder(t)
	f.w.RunFor(time.Millisecond)
	f.obey(host.Command{Op: host.OpBandwidth, Bandwidth: spec.NodeBandwidth{Up: 1000}})
	f.obey(host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: spec.BackToBack, Payload: 976, Limit: 20}})
	f.w.RunFor(2 * time.Second)
	if k := f.host.Count(); len(k.Out) != 1 || k.Out[0].Queued == 0 {
		t.Fatalf("%+v", k.Out)
	}
	f.obey(host.Command{Op: host.OpBandwidth})
	f.w.RunFor(time.Minute)
	if k := f.host.Count(); len(k.Out) != 1 || k.Out[0].Queued != 0 {
		t.Errorf("%+v when nothing waits", k.Out)
	}
	if k := f.host.Count(); len(k.Out) != 0 || k.LostOut != 0 {
		t.Errorf("%+v when nothing has changed", k)
	}
	f.w.Switch(f.got.Node).Kill()
	f.obey(host.Command{Op: host.OpStartSource, App: 2, Source: host.Source{Kind: spec.BackToBack, Payload: 976, Limit: 5}})
	f.w.RunFor(time.Minute)
	lost := uint64(0)
	for range 3 {
		k := f.host.Count()
		lost += k.LostOut
	}
	if lost != 5 {
		t.Errorf("%d of 5 messages are lost", lost)
	}
}
