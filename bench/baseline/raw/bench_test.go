package raw_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bench/baseline/raw"
)

// BenchmarkChain moves b.N frames down a chain. bytes/cpu-s is the total bandwidth (payload x links) for each
// second of CPU time, which is the figure to compare: it hardly depends on what else the machine does.
func BenchmarkChain(b *testing.B) {
	for _, payload := range []int{64, 5120} {
		for _, nodes := range []int{2, 3, 8, 32} {
			b.Run(fmt.Sprintf("payload=%d/nodes=%d", payload, nodes), func(b *testing.B) {
				benchmarkChain(b, raw.Config{Nodes: nodes, PayloadBytes: payload, Loops: 1})
			})
		}
	}
}

func benchmarkChain(b *testing.B, config raw.Config) {
	chain, err := raw.Start(config)
	if err != nil {
		b.Fatal(err)
	}
	links := config.Nodes - 1
	b.SetBytes(int64(config.PayloadBytes * links))
	b.ReportAllocs()
	for chain.Counts().Messages == 0 {
		time.Sleep(time.Millisecond)
	}
	b.ResetTimer()
	cpu, begin := cpuTime(b), chain.Counts().Messages
	for chain.Counts().Messages < begin+uint64(b.N) {
		time.Sleep(time.Millisecond)
	}
	moved, used := chain.Counts().Messages-begin, cpuTime(b)-cpu
	b.StopTimer()
	b.ReportMetric(float64(moved)*float64(config.PayloadBytes*links)/used.Seconds()/1e9, "GB/cpu-s")
	b.ReportMetric(float64(moved)*float64(links)/used.Seconds()/1e6, "Mhops/cpu-s")
	if _, err := chain.Drain(b.Context()); err != nil {
		b.Error(err)
	}
	if err := chain.Close(); err != nil {
		b.Error(err)
	}
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
