//go:build unix

package bufpool

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func BenchmarkGetRelease(b *testing.B) {
	p := New(Options{})
	mustGet(b, p, p.SlabSize()).Release()
	b.ReportAllocs()
	for b.Loop() {
		s, err := p.Get()
		if err != nil {
			b.Fatal(err)
		}
		s.Release()
	}
}

// BenchmarkGetReleaseParallel is the worst case of the pool's mutex: loops that do nothing but take and release.
func BenchmarkGetReleaseParallel(b *testing.B) {
	p := New(Options{})
	b.ReportAllocs()
	defer meter(b)()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s, err := p.Get()
			if err != nil {
				b.Fatal(err)
			}
			s.Release()
		}
	})
}

// BenchmarkGetFresh is what a slab costs that the pool does not have: the runtime's allocation and clearing.
func BenchmarkGetFresh(b *testing.B) {
	p := New(Options{MaxIdle: KeepNone})
	b.SetBytes(DefaultSlabSize)
	b.ReportAllocs()
	for b.Loop() {
		s, err := p.Get()
		if err != nil {
			b.Fatal(err)
		}
		s.Release()
	}
}

func BenchmarkRetainRelease(b *testing.B) {
	s := mustGet(b, New(Options{}), 1)
	defer s.Release()
	b.ReportAllocs()
	for b.Loop() {
		s.Retain()
		s.Release()
	}
}

// BenchmarkRetainReleaseShared counts one slab from all cores, as views do that cross loops.
func BenchmarkRetainReleaseShared(b *testing.B) {
	s := mustGet(b, New(Options{}), 1)
	defer s.Release()
	b.ReportAllocs()
	defer meter(b)()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Retain()
			s.Release()
		}
	})
}

// BenchmarkRetainReleaseOwn counts a slab for each goroutine; it shows whether their counts share a cache line.
func BenchmarkRetainReleaseOwn(b *testing.B) {
	p := New(Options{})
	b.ReportAllocs()
	defer meter(b)()
	b.RunParallel(func(pb *testing.PB) {
		s, err := p.GetSize(1)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Release()
		for pb.Next() {
			s.Retain()
			s.Release()
		}
	})
}

func BenchmarkStats(b *testing.B) {
	p := New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		p.Stats()
	}
}

// meter starts to count CPU time; the function it returns reports how many cores the benchmark got. Near 1 on a machine
// with more, the goroutines took turns, and the figures say nothing about contention.
func meter(b *testing.B) func() {
	wall, cpu := time.Now(), cpuTime(b)
	return func() {
		used := cpuTime(b) - cpu
		b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "cpu-ns/op")
		b.ReportMetric(used.Seconds()/time.Since(wall).Seconds(), "cpus")
	}
}

// cpuTime is the CPU time that the process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
