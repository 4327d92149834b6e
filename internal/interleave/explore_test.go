//go:build interleave

package interleave

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// doorbell is the textbook protocol of a producer that wakes a consumer only if that sleeps, with each of its guards
// to be left out.
type doorbell struct {
	queued, asleep InnerUint64
	rings          int // of the bell
	taken          uint64
}

type without uint8

const (
	nothing without = iota
	secondLook
	wakeUp
)

func (d *doorbell) produce(n int, left without) {
	for range n {
		for v := d.queued.Load(); !d.queued.CompareAndSwap(v, v+1); v = d.queued.Load() {
		}
		if left != wakeUp && d.asleep.CompareAndSwap(1, 0) {
			Writes(&d.rings)
			d.rings++
		}
	}
}

func (d *doorbell) consume(left without) {
	for {
		if v := d.queued.Load(); v > 0 {
			if d.queued.CompareAndSwap(v, v-1) {
				d.taken++
			}
			continue
		}
		d.asleep.Store(1)
		if left != secondLook && d.queued.Load() > 0 {
			d.asleep.Store(0)
			continue
		}
		if !Wait(&d.rings, func() bool { return d.rings > 0 }) {
			return
		}
		Writes(&d.rings)
		d.rings = 0
	}
}

func doorbells(producers, each int, left without) func() Program {
	return func() Program {
		d := new(doorbell)
		p := Program{Threads: []func(){func() { d.consume(left) }}, Check: func() error {
			if want := uint64(producers * each); d.taken != want {
				return fmt.Errorf("the consumer sleeps and has taken %d of %d", d.taken, want)
			}
			return nil
		}}
		for range producers {
			p.Threads = append(p.Threads, func() { d.produce(each, left) })
		}
		return p
	}
}

// The search finds the schedule that loses the wake-up, and finds nothing where there is nothing.
func TestInterleaveDoorbell(t *testing.T) {
	for _, c := range []struct {
		producers, each int
		left            without
		fails           bool
	}{
		{1, 1, nothing, false}, {1, 3, nothing, false}, {2, 1, nothing, false},
		{1, 1, secondLook, true}, {1, 1, wakeUp, true}, {2, 1, secondLook, true}, {1, 3, secondLook, true},
	} {
		r := Explore(doorbells(c.producers, c.each, c.left), Limits{})
		t.Logf("%+v: %v", c, r)
		if fails := r.Failure != nil; fails != c.fails || !fails && !r.Complete {
			t.Errorf("%+v: failure %v, complete %t", c, r.Failure, r.Complete)
		}
		if c.fails && !strings.Contains(r.Failure.Error(), "doorbell).consume") {
			t.Errorf("the failure does not tell its schedule: %v", r.Failure)
		}
	}
}

// litmus programs record what they saw; every outcome that sequential consistency allows is seen and no other.
func TestInterleaveOutcomes(t *testing.T) {
	var got [3]uint64
	for _, c := range []struct {
		name    string
		threads func(x, y *InnerUint64) []func()
		want    []string
	}{
		{"store buffering", func(x, y *InnerUint64) []func() {
			return []func(){
				func() { x.Store(1); got[0] = y.Load() },
				func() { y.Store(1); got[1] = x.Load() },
			}
		}, []string{"[0 1 0]", "[1 0 0]", "[1 1 0]"}},
		{"message passing", func(x, y *InnerUint64) []func() {
			return []func(){
				func() { x.Store(1); y.Store(1) },
				func() { got[0] = y.Load(); got[1] = x.Load() },
			}
		}, []string{"[0 0 0]", "[0 1 0]", "[1 1 0]"}},
		{"last writer", func(x, _ *InnerUint64) []func() {
			return []func(){
				func() { x.Store(1) }, func() { x.Store(2) },
				func() { got[0] = x.Load(); got[1] = x.Load(); got[2] = x.Load() },
			}
		}, []string{"[0 0 0]", "[0 0 1]", "[0 0 2]", "[0 1 1]", "[0 1 2]", "[0 2 1]", "[0 2 2]", "[1 1 1]", "[1 1 2]",
			"[1 2 2]", "[2 1 1]", "[2 2 1]", "[2 2 2]"}},
	} {
		seen := map[string]bool{}
		r := Explore(func() Program {
			var x, y InnerUint64
			got = [3]uint64{}
			return Program{Threads: c.threads(&x, &y), Check: func() error {
				seen[fmt.Sprint(got)] = true
				return nil
			}}
		}, Limits{})
		var outcomes []string
		for o := range seen {
			outcomes = append(outcomes, o)
		}
		slices.Sort(outcomes)
		if !slices.Equal(outcomes, c.want) || !r.Complete {
			t.Errorf("%s: saw %v in %v; want %v", c.name, outcomes, r, c.want)
		}
	}
}

// Steps on different variables commute: one schedule is enough. Writes of one variable do not: all orders count.
func TestInterleaveReduction(t *testing.T) {
	writers := func(n, steps int, shared bool) func() Program {
		return func() Program {
			vars := make([]InnerUint64, n)
			var p Program
			for i := range n {
				v := &vars[i]
				if shared {
					v = &vars[0]
				}
				p.Threads = append(p.Threads, func() {
					for range steps {
						v.Store(uint64(i))
					}
				})
			}
			return p
		}
	}
	for _, c := range []struct {
		n, steps int
		shared   bool
		want     int
	}{
		{3, 5, false, 1}, {2, 2, true, 6}, {2, 4, true, 70}, {3, 2, true, 90}, {4, 1, true, 24},
	} {
		if r := Explore(writers(c.n, c.steps, c.shared), Limits{}); !r.Complete || r.Schedules != c.want {
			t.Errorf("%+v: %v", c, r)
		}
	}
}

func TestInterleaveFailures(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		make func() Program
		want string
	}{
		{"spins for ever", func() Program {
			var x InnerUint64
			return Program{Threads: []func(){func() {
				for Wait(&x, func() bool { return true }) {
				}
			}}}
		}, "for ever"},
		{"writes for ever", func() Program {
			var x InnerUint64
			return Program{Threads: []func(){func() {
				for {
					x.Store(1)
				}
			}}}
		}, "for ever"},
		{"panics in one order of two", func() Program {
			var x InnerUint64
			return Program{Threads: []func(){func() { x.Store(1) }, func() {
				if x.Load() == 1 {
					panic("late")
				}
			}}}
		}, "panicked: late"},
		{"leaves something wrong", func() Program {
			return Program{Check: func() error { return broken }}
		}, "broken"},
	} {
		r := Explore(c.make, Limits{Steps: 100})
		if r.Failure == nil || !strings.Contains(r.Failure.Error(), c.want) {
			t.Errorf("%s: %v, %v", c.name, r, r.Failure)
		}
	}
	if r := Explore(doorbells(2, 1, nothing), Limits{Schedules: 3}); r.Complete || r.Schedules+r.Cut != 3 || r.Failure != nil {
		t.Errorf("a search that was bounded says %v, %v", r, r.Failure)
	}
	if r := Explore(func() Program { return Program{Check: func() error { return broken }} }, Limits{}); !errors.Is(r.Failure, broken) {
		t.Errorf("the failure does not wrap the error: %v", r.Failure)
	}
}

// A consumer that looks again and again while a producer is in the middle lets the producer go on.
func TestInterleaveSpinIsFair(t *testing.T) {
	r := Explore(func() Program {
		var begun, done InnerUint64
		return Program{Threads: []func(){
			func() { begun.Store(1); done.Store(1) },
			func() {
				for Wait(&begun, func() bool { return begun.v.Load() == 1 }) {
					if done.Load() == 1 {
						return
					}
				}
			},
		}}
	}, Limits{})
	if r.Failure != nil || !r.Complete {
		t.Errorf("%v, %v", r, r.Failure)
	}
}
