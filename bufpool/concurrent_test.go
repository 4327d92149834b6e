package bufpool_test

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// One goroutine fills slabs and hands a reference of each to several readers, as a link does that fans out. No slab may
// be reused while a reader still holds it.
func TestFanOut(t *testing.T) {
	const readers, rounds = 3, 3000
	p := slabtest.New(t, bufpool.Options{SlabSize: 512, Budget: 16 << 10, MaxIdle: 2 << 10})
	type view struct {
		s     *bufpool.Slab
		round uint64
	}
	queues := make([]chan view, readers)
	var running sync.WaitGroup
	for i := range queues {
		queues[i] = make(chan view, 8)
		running.Go(func() {
			for v := range queues[i] {
				if got := binary.LittleEndian.Uint64(v.s.Bytes()); got != v.round {
					t.Errorf("reader %d: slab of round %d has the bytes of round %d", i, v.round, got)
				}
				v.s.Release()
			}
		})
	}
	for round := range uint64(rounds) {
		s, err := p.Get()
		for errors.Is(err, bufpool.ErrBudget) {
			runtime.Gosched()
			s, err = p.Get()
		}
		if err != nil {
			t.Fatal(err)
		}
		if !s.Unique() {
			t.Error("a slab just taken has several references")
		}
		binary.LittleEndian.PutUint64(s.Bytes(), round)
		for _, q := range queues {
			s.Retain()
			q <- view{s, round}
		}
		s.Release()
	}
	for _, q := range queues {
		close(q)
	}
	running.Wait()
}

// Many goroutines take, share and release slabs of all sizes; the counters come out even.
func TestParallel(t *testing.T) {
	const goroutines, rounds = 8, 500
	p := slabtest.New(t, bufpool.Options{Budget: 1 << 20, MaxIdle: 64 << 10})
	var running sync.WaitGroup
	for g := range goroutines {
		running.Go(func() {
			for i := range rounds {
				s, err := p.GetSize((i * 7919) % (16 << 10))
				if errors.Is(err, bufpool.ErrBudget) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				b := s.Bytes()
				b[0], b[len(b)-1] = byte(g), byte(g)
				s.Retain()
				runtime.Gosched()
				if b[0] != byte(g) || b[len(b)-1] != byte(g) {
					t.Error("somebody else wrote to a slab that is held")
				}
				s.Release()
				s.Release()
			}
		})
	}
	running.Wait()
	if st := p.Stats(); st.InUse != 0 || st.Held != 0 || st.Idle > 64<<10 || st.Peak > st.Budget {
		t.Errorf("after all: %+v", st)
	}
}
