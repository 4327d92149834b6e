package library

import (
	"flag"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/cyclon"
	"github.com/ioverlay/ioverlay/core/sim"
)

// How fast the simulator runs the overlays at 1,000 nodes, events of the scheduler and messages a
// CPU-second, as "ioverlay repro library" reports it; for profiles, and for builds side by side.

// timedProfile is of what is timed alone: most of the time goes into the making of the worlds.
var timedProfile = flag.String("timedprofile", "", "write a CPU profile of what the benchmarks time to this file")

func BenchmarkChord(b *testing.B) {
	c := newCircle(1)
	if err := c.grow(b.Context(), 1000); err != nil {
		b.Fatal(err)
	}
	measure(b, c.world, func() error {
		var t tally
		for range chordLookups {
			c.lookup(&t)
			if err := c.world.RunFor(chordHop / 5); err != nil {
				return err
			}
		}
		return run(b.Context(), c.world, 10*time.Second)
	})
}

func BenchmarkCyclon(b *testing.B) {
	w, err := newCyclons(b.Context(), 1000, 1, rand.New(rand.NewPCG(1, 3)))
	if err != nil {
		b.Fatal(err)
	}
	measure(b, w, func() error { return run(b.Context(), w, 10*cyclon.New().Period) })
}

// BenchmarkMesh is of the first seconds of a file's way with each b.N: -benchtime 8x is most of it.
func BenchmarkMesh(b *testing.B) {
	s := newSwarm(newMeshFile(10_000_000), 1)
	s.join(1000)
	measure(b, s.World, func() error { return run(b.Context(), s.World, 4*time.Second) })
}

func BenchmarkPlumtree(b *testing.B) {
	f, err := plant(b.Context(), 1, 1000)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, f.world, func() error { return f.flow(b.Context()) })
}

func BenchmarkSWIM(b *testing.B) {
	g := newSwimGroup(1000, 0, 1)
	if err := g.settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	measure(b, g.World, func() error { return run(b.Context(), g.World, quiet) })
}

// measure runs fn b.N times in a world that is made, and closes it.
func measure(b *testing.B, w *sim.World, fn func() error) {
	if *timedProfile != "" {
		f, err := os.Create(*timedProfile)
		if err != nil {
			b.Fatal(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			b.Fatal(err)
		}
		defer func() {
			pprof.StopCPUProfile()
			if err := f.Close(); err != nil {
				b.Error(err)
			}
		}()
	}
	var sum Speed
	b.ResetTimer()
	for range b.N {
		s, err := timed(w, fn)
		if err != nil {
			b.Fatal(err)
		}
		sum.add(s)
	}
	b.StopTimer()
	sum.report(b)
	if err := w.Close(); err != nil {
		b.Error(err)
	}
}

func (s *Speed) add(o Speed) {
	s.Messages, s.Events, s.CPUSeconds = s.Messages+o.Messages, s.Events+o.Events, s.CPUSeconds+o.CPUSeconds
}

func (s *Speed) report(b *testing.B) {
	b.ReportMetric(float64(s.Events)/s.CPUSeconds, "events/CPU-s")
	b.ReportMetric(float64(s.Messages)/s.CPUSeconds, "messages/CPU-s")
}
