package stream_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

// film is so many synthetic packets.
func film(packets int) []byte {
	b := make([]byte, packets*stream.PacketLen)
	for i := range packets {
		stream.Synthetic(b[i*stream.PacketLen:], uint64(i))
	}
	return b
}

// An end that the link loses is told again; a source that is not to linger tells it once.
func TestEndThatTheLinkLoses(t *testing.T) {
	for _, linger := range []time.Duration{0, -1} {
		ended := 0
		for seed := range uint64(40) {
			s := newScreen(stream.SinkOptions{})
			src := stream.NewSource(stream.SourceOptions{App: app, Linger: linger})
			w := pair(t, seed, 0.5, func() core.Source { return src }, s)
			w.RunFor(100 * time.Millisecond)
			from := w.Nodes()[1].Core()
			from.Call(func() { src.Push(from.Node(), film(203)); src.End(from.Node()) })
			w.RunFor(10 * time.Second)
			if s.ended > 1 || !src.Drained() || !src.Done() || s.fault != nil || s.Counts().Bad > 0 {
				t.Fatalf("seed %d: ended %d times, %v, %+v", seed, s.ended, s.fault, s.Counts())
			}
			if s.ended == 1 {
				s.check(t, "sink", 7, 29)
			}
			ended += s.ended
		}
		if linger == 0 && ended != 40 || linger < 0 && (ended < 10 || ended > 30) {
			t.Errorf("linger %v: the end came to %d of 40", linger, ended)
		}
	}
}

// A parent fails in the instant in which the stream ends: its children learn of the end from whom they come to.
func TestEndWhileAParentFails(t *testing.T) {
	for seed := range uint64(10) {
		w := grow(t, seed, stream.SinkOptions{})
		trees, screens, all := w.trees, w.screens, w.nodes
		src := stream.NewSource(stream.SourceOptions{App: app})
		root := all[0].Core()
		root.Call(func() { root.Node().AddSource(app, src) })
		w.RunFor(8 * time.Second)
		busiest := w.busiest()
		orphans := len(trees[busiest].Children(app))
		root.Call(func() { src.Push(root.Node(), film(70)) })
		w.RunFor(time.Second)
		w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{all[busiest].Name()}})
		w.RunFor(time.Microsecond)
		root.Call(func() { src.End(root.Node()) })
		w.RunFor(20 * time.Second)
		for i, s := range screens {
			if i > 0 && i != busiest && s.ended != 1 {
				t.Errorf("seed %d, a parent of %d: at %s the stream ended %d times: %+v", seed, orphans, all[i].Name(), s.ended, s.Counts())
			}
		}
	}
}

// A source that is gone leaves silence, which a sink tells from that before a stream and after its end.
func TestIdle(t *testing.T) {
	s := newScreen(stream.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	sink := w.AddNode("sink", func() core.Algorithm { return stream.Beside(relay.New(nil), s.Sink) })
	from := w.AddNode("source", func() core.Algorithm { return relay.New(nil, sink.ID()) })
	from.SetLink(sink.ID(), emul.Link{})
	src := stream.NewSource(stream.SourceOptions{App: app})
	from.Core().AddSource(app, src)
	w.RunFor(10 * time.Second)
	if idle := s.Idle(w.Now()); idle != 0 {
		t.Errorf("%v before the stream", idle)
	}
	from.Core().Call(func() { src.Push(from.Core().Node(), film(7)) })
	w.RunFor(10 * time.Second)
	if idle := s.Idle(w.Now()); idle < 9*time.Second || idle > 10*time.Second {
		t.Errorf("%v, 10 s after the media", idle)
	}
	from.Core().Call(func() { src.End(from.Core().Node()) })
	w.RunFor(10 * time.Second)
	if idle := s.Idle(w.Now()); idle != 0 || s.ended != 1 {
		t.Errorf("%v after the end, ended %d times", idle, s.ended)
	}
}
