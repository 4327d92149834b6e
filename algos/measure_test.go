package algos_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// surveyor keeps the results of its measurements.
type surveyor struct {
	algos.Base
	results []algos.Measurement
}

func (s *surveyor) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeMeasured {
		r, err := algos.ParseMeasured(m)
		if err != nil {
			panic(err)
		}
		s.results = append(s.results, r)
	}
	return s.Base.Process(m)
}

// take returns the one result there is.
func (s *surveyor) take(t *testing.T) algos.Measurement {
	t.Helper()
	if len(s.results) != 1 {
		t.Fatalf("results %+v, want one", s.results)
	}
	r := s.results[0]
	s.results = nil
	return r
}

// The error of a measured bandwidth, against emulated truth in virtual time, is
// below 10% from 100 KB/s to 20 MB/s, whatever limits the way.
func TestMeasureBandwidth(t *testing.T) {
	for _, rate := range []float64{100e3, 300e3, 1e6, 2.5e6, 5e6, 10e6, 20e6} {
		for _, where := range []string{"link", "up", "down"} {
			t.Run(fmt.Sprintf("%.0f at the %s", rate, where), func(t *testing.T) {
				w := coretest.New(t, core.Config{})
				var s surveyor
				var far algos.Base
				a, b := w.Node("a", &s), w.Node("b", &far)
				switch where {
				case "link":
					a.Call(func() { a.SetLink(b.ID(), emul.Link{Rate: emul.Rate(rate), Latency: 5 * time.Millisecond}) })
				case "up":
					a.Call(func() { a.SetBandwidth(emul.Bandwidth{Up: emul.Rate(rate)}) })
				case "down":
					w.Call(b, func() { b.SetBandwidth(emul.Bandwidth{Down: emul.Rate(rate)}) })
				}
				w.RunFor(time.Second)
				a.Call(func() {
					if !s.MeasureBandwidth(b.ID()) || s.MeasureBandwidth(b.ID()) || s.MeasureLatency(b.ID()) {
						t.Error("one measurement at a time, and that is taken")
					}
				})
				w.RunFor(time.Minute)
				r := s.take(t)
				if wrong := float64(r.Rate)/rate - 1; math.Abs(wrong) > 0.1 || r.Failed != "" || r.What != algos.Bandwidth || r.Peer != b.ID() {
					t.Errorf("%+v is wrong by %.1f%%", r, 100*wrong)
				}
				if r.Cost > 11<<20 || float64(r.Cost) > 40e3+rate*0.6 {
					t.Errorf("it cost %d bytes", r.Cost)
				}
				if s.BadMessages() != 0 || far.BadMessages() != 0 {
					t.Errorf("%d and %d bad messages", s.BadMessages(), far.BadMessages())
				}
			})
		}
	}
}

// A measured round-trip is twice the emulated latency, and the lane need not be
// there before.
func TestMeasureLatency(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var s surveyor
	a, b := w.Node("a", &s), w.Node("b", &algos.Base{})
	a.Call(func() { a.SetLink(b.ID(), emul.Link{Latency: 20 * time.Millisecond}) })
	w.Call(b, func() { b.SetLink(a.ID(), emul.Link{Latency: 30 * time.Millisecond}) })
	a.Call(func() { s.MeasureLatency(b.ID()) })
	w.RunFor(time.Minute)
	r := s.take(t)
	if r.Min < 50*time.Millisecond || r.Min > 51*time.Millisecond || r.Median < r.Min || r.Median > 51*time.Millisecond || r.Failed != "" || r.Cost != 6*wire.HeaderSize {
		t.Errorf("%+v", r)
	}
	if s.Unhandled() != 0 {
		t.Errorf("%d messages unhandled", s.Unhandled())
	}
}

// Whoever does not answer is reported: nobody there, a node that ignores pings, a
// node that dies meanwhile.
func TestMeasureWithoutAnswer(t *testing.T) {
	for _, what := range []string{"nobody", "silent", "dies"} {
		t.Run(what, func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			var s surveyor
			a := w.Node("a", &s)
			var b *core.Switch
			if what != "nobody" {
				b = w.Node("b", &coretest.Recorder{})
			}
			a.Call(func() { s.MeasureBandwidth(w.ID("b")) })
			w.RunFor(time.Second)
			if what == "dies" {
				b.Kill()
			}
			w.RunFor(time.Minute)
			want := map[string]string{"nobody": "link down: refused", "silent": "no answer within 15s", "dies": "link down: reset"}
			if r := s.take(t); r.Failed != want[what] {
				t.Errorf("%+v, want %q", r, want[what])
			}
			a.Call(func() {
				if !s.MeasureLatency(w.ID("b")) {
					t.Error("a measurement that has failed is in the way of the next")
				}
			})
			w.RunFor(time.Minute)
		})
	}
}

// Reports that nobody asked for, and probes that make no sense, are counted and
// change nothing; trains that never end take a bounded room.
func TestHostileProbes(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var s surveyor
	a := w.Node("a", &s)
	x := w.Node("x", &coretest.Recorder{})
	bad := func(what string, typ core.Type, payload []byte) {
		t.Helper()
		before := s.BadMessages()
		w.Send(x, a.ID(), typ, 0, 7, payload)
		w.Run()
		if got := s.BadMessages() - before; got != 1 {
			t.Errorf("%s: %d bad messages", what, got)
		}
	}
	bad("no question", wire.TypeProbeReport, algos.Encode(map[string]int{"bytes": 5, "ns": 5}))
	bad("short", wire.TypeProbe, []byte{1, 2, 3})
	bad("behind the end", wire.TypeProbe, []byte{0, 0, 0, 9, 0, 0, 0, 8})
	bad("endless", wire.TypeProbe, []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	for i := range uint64(1000) {
		w.Send(x, a.ID(), wire.TypeProbe, 0, i, make([]byte, 8+1))
	}
	w.Run()
	a.Call(func() { s.MeasureBandwidth(x.ID()) })
	bad("another token", wire.TypeProbeReport, algos.Encode(map[string]int{"bytes": 5, "ns": 5}))
	if len(s.results) != 0 {
		w.RunFor(time.Minute)
	}
}
