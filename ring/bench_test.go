//go:build unix

package ring

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const benchCapacity = 1024

// valueSize is the size of a *int, the kind of value that engines pass.
const valueSize = 8

// BenchmarkAlone is the cost of pushing and popping a burst with nobody else about: the instructions, without the
// traffic between cores.
func BenchmarkAlone(b *testing.B) {
	b.Run("impl=chan/batch=1", func(b *testing.B) {
		c, v := make(chan *int, benchCapacity), new(int)
		begin(b)
		for b.Loop() {
			c <- v
			<-c
		}
	})
	b.Run("impl=spsc/batch=1", func(b *testing.B) {
		q, v := NewSPSC[*int](benchCapacity), new(int)
		begin(b)
		for b.Loop() {
			q.Push(v)
			q.Pop()
		}
	})
	b.Run("impl=mpsc/batch=1", func(b *testing.B) {
		q, v := NewMPSC[*int](benchCapacity), new(int)
		begin(b)
		for b.Loop() {
			q.Push(v)
			q.Pop()
		}
	})
	b.Run("impl=spsc/batch=32", func(b *testing.B) {
		q := NewSPSC[*int](benchCapacity)
		bursts(b, 32, q.PushBatch, q.PopBatch)
	})
	b.Run("impl=mpsc/batch=32", func(b *testing.B) {
		q := NewMPSC[*int](benchCapacity)
		bursts(b, 32, q.PushBatch, q.PopBatch)
	})
}

// bursts counts one operation a burst of n values.
func bursts(b *testing.B, n int, push, pop func([]*int) (int, Result)) {
	vs := make([]*int, n)
	for i := range vs {
		vs[i] = new(int)
	}
	begin(b)
	b.SetBytes(int64(n) * valueSize)
	for b.Loop() {
		push(vs)
		pop(vs)
	}
}

// BenchmarkTransfer is the cost of passing one value from a producer's goroutine to the consumer's. On a shared machine
// ns/op means little by itself: cpu-ns/op is the CPU time of all sides together, and cpus is how many cores they got.
// With cpus near 1 the sides took turns on one core, and the figures say nothing about contention.
func BenchmarkTransfer(b *testing.B) {
	for _, producers := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("impl=chan/producers=%d/batch=1", producers), func(b *testing.B) {
			transferChan(b, producers)
		})
		for _, batch := range []int{1, 32} {
			name := fmt.Sprintf("producers=%d/batch=%d", producers, batch)
			if producers == 1 {
				b.Run("impl=spsc/"+name, func(b *testing.B) {
					q := NewSPSC[*int](benchCapacity)
					transfer(b, 1, batch, q.PushBatch, q.PopBatch, q.Push, q.Pop)
				})
			}
			b.Run("impl=mpsc/"+name, func(b *testing.B) {
				q := NewMPSC[*int](benchCapacity)
				transfer(b, producers, batch, q.PushBatch, q.PopBatch, q.Push, q.Pop)
			})
		}
	}
}

func begin(b *testing.B) {
	b.SetBytes(valueSize)
	b.ReportAllocs()
}

// meter starts to count CPU time; the function it returns stops and reports it.
func meter(b *testing.B) func() {
	begin(b)
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

// share is how many of n values producer p of several sends.
func share(n, p, producers int) int { return n*(p+1)/producers - n*p/producers }

func transferChan(b *testing.B, producers int) {
	c := make(chan *int, benchCapacity)
	v := new(int)
	stop := meter(b)
	for p := range producers {
		go func() {
			for range share(b.N, p, producers) {
				c <- v
			}
		}()
	}
	for range b.N {
		<-c
	}
	stop()
}

func transfer(b *testing.B, producers, batch int, pushBatch, popBatch func([]*int) (int, Result),
	push func(*int) Result, pop func() (*int, Result)) {
	stop := meter(b)
	var running sync.WaitGroup
	for p := range producers {
		running.Go(func() {
			if batch == 1 {
				sendOnes(share(b.N, p, producers), push)
			} else {
				sendBatches(share(b.N, p, producers), batch, pushBatch)
			}
		})
	}
	dst := make([]*int, batch)
	for got := 0; got < b.N; {
		n := 1
		var r Result
		if batch == 1 {
			_, r = pop()
		} else {
			n, r = popBatch(dst)
		}
		if r != OK {
			runtime.Gosched()
			continue
		}
		got += n
	}
	running.Wait()
	stop()
}

func sendOnes(n int, push func(*int) Result) {
	v := new(int)
	for n > 0 {
		if push(v) == OK {
			n--
		} else {
			runtime.Gosched()
		}
	}
}

func sendBatches(n, batch int, pushBatch func([]*int) (int, Result)) {
	vs := make([]*int, batch)
	for n > 0 {
		k, r := pushBatch(vs[:min(batch, n)])
		n -= k
		if r != OK {
			runtime.Gosched()
		}
	}
}
