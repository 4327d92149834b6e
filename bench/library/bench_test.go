package library

import "testing"

// How fast the simulator runs the overlays at 1,000 nodes, events of the scheduler and messages a
// CPU-second, as "ioverlay repro library" reports it; for profiles, and for builds side by side.

func BenchmarkPlumtree(b *testing.B) {
	f, err := plant(b.Context(), 1, 1000)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var sum Speed
	for range b.N {
		s, err := timed(f.world, func() error { return f.flow(b.Context()) })
		if err != nil {
			b.Fatal(err)
		}
		sum.add(s)
	}
	b.StopTimer()
	sum.report(b)
	if err := f.world.Close(); err != nil {
		b.Error(err)
	}
}

func BenchmarkSWIM(b *testing.B) {
	g := newSwimGroup(1000, 0, 1)
	if err := g.settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var sum Speed
	for range b.N {
		s, err := timed(g.World, func() error { return run(b.Context(), g.World, quiet) })
		if err != nil {
			b.Fatal(err)
		}
		sum.add(s)
	}
	b.StopTimer()
	sum.report(b)
	if err := g.Close(); err != nil {
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
