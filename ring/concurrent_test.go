package ring

import (
	"runtime"
	"sync"
	"testing"
)

// item is a value that says where it comes from.
type item struct {
	producer, seq, batch int // batch numbers the producer's calls
}

// produce pushes items of one producer, one call in two a batch, until the ring is closed or limit are in it, and
// returns how many pushes were OK.
func produce(producer, limit int, push func(item) Result, pushBatch func([]item) (int, Result)) int {
	sent := 0
	for batch := 0; sent < limit; batch++ {
		n := 1
		var r Result
		if batch%2 == 0 {
			if r = push(item{producer, sent, batch}); r != OK {
				n = 0
			}
		} else {
			vs := make([]item, 1+batch%7)
			for i := range vs {
				vs[i] = item{producer, sent + i, batch}
			}
			n, r = pushBatch(vs[:min(len(vs), limit-sent)])
		}
		sent += n
		switch r {
		case Closed:
			return sent
		case Full:
			runtime.Gosched()
		}
	}
	return sent
}

// consume pops until the ring is closed and drained, alternately one item and several, and gives each to take.
func consume(pop func() (item, Result), popBatch func([]item) (int, Result), take func(item)) {
	dst := make([]item, 5)
	for i := 0; ; i++ {
		n := 1
		var r Result
		if i%3 == 0 {
			dst[0], r = pop()
		} else {
			n, r = popBatch(dst)
		}
		switch r {
		case OK:
			for _, v := range dst[:n] {
				take(v)
			}
		case Empty:
			runtime.Gosched()
		case Closed:
			return
		}
	}
}

func TestSPSCConcurrent(t *testing.T) {
	const limit = 30_000
	for _, capacity := range []int{1, 2, 8, 1024} {
		q := NewSPSC[item](capacity)
		go func() {
			produce(0, limit, q.Push, q.PushBatch)
			q.Close()
			if r := q.Push(item{}); r != Closed {
				t.Errorf("push after Close: %v", r)
			}
		}()
		want := 0
		consume(q.Pop, q.PopBatch, func(v item) {
			if v.seq != want {
				t.Fatalf("capacity %d: got item %d, want %d", capacity, v.seq, want)
			}
			want++
		})
		if want != limit {
			t.Fatalf("capacity %d: got %d items, want %d", capacity, want, limit)
		}
	}
}

// A value pushed just before Close is never lost to a consumer that looks just then.
func TestSPSCLastValueBeforeClose(t *testing.T) {
	const rounds = 20_000
	rings := make(chan *SPSC[int])
	go func() {
		defer close(rings)
		for range rounds {
			q := NewSPSC[int](1)
			rings <- q
			q.Push(1)
			q.Close()
		}
	}()
	round := 0
	for q := range rings {
		got := 0
		for r := Empty; r != Closed; {
			var v int
			v, r = q.Pop()
			got += v
		}
		if got != 1 {
			t.Fatalf("round %d: the value pushed before Close was lost", round)
		}
		round++
	}
}

// orderCheck takes what one consumer gets from many producers.
type orderCheck struct {
	next  []int // by producer
	batch []int // by producer: the last one seen
	last  int   // producer of the last item
	t     *testing.T
}

func newOrderCheck(t *testing.T, producers int) *orderCheck {
	c := &orderCheck{next: make([]int, producers), batch: make([]int, producers), last: -1, t: t}
	for p := range c.batch {
		c.batch[p] = -1
	}
	return c
}

func (c *orderCheck) take(v item) {
	if v.seq != c.next[v.producer] {
		c.t.Fatalf("producer %d: got item %d, want %d", v.producer, v.seq, c.next[v.producer])
	}
	if v.batch == c.batch[v.producer] && c.last != v.producer {
		c.t.Fatalf("producer %d: batch %d was torn by producer %d", v.producer, v.batch, c.last)
	}
	c.next[v.producer]++
	c.batch[v.producer] = v.batch
	c.last = v.producer
}

func TestMPSCConcurrent(t *testing.T) {
	const producers, limit = 4, 10_000
	for _, capacity := range []int{1, 2, 8, 1024} {
		q := NewMPSC[item](capacity)
		var running sync.WaitGroup
		for p := range producers {
			running.Go(func() { produce(p, limit, q.Push, q.PushBatch) })
		}
		go func() {
			running.Wait()
			q.Close()
		}()
		c := newOrderCheck(t, producers)
		consume(q.Pop, q.PopBatch, c.take)
		for p, n := range c.next {
			if n != limit {
				t.Fatalf("capacity %d, producer %d: got %d items, want %d", capacity, p, n, limit)
			}
		}
	}
}

// Whatever was pushed with OK before a Close that comes from elsewhere is popped, and nothing else.
func TestMPSCCloseWhilePushing(t *testing.T) {
	const producers, rounds = 3, 200
	for round := range rounds {
		q := NewMPSC[item](1 << (round % 6))
		sent := make([]int, producers)
		var running sync.WaitGroup
		for p := range producers {
			running.Go(func() { sent[p] = produce(p, 1<<30, q.Push, q.PushBatch) })
		}
		running.Go(func() {
			for range round {
				runtime.Gosched()
			}
			q.Close()
			if r := q.Push(item{}); r != Closed {
				t.Errorf("push after Close: %v", r)
			}
		})
		c := newOrderCheck(t, producers)
		consume(q.Pop, q.PopBatch, c.take)
		running.Wait()
		for p := range producers {
			if c.next[p] != sent[p] {
				t.Fatalf("round %d, producer %d: %d pushed, %d popped", round, p, sent[p], c.next[p])
			}
		}
		if _, r := q.Pop(); r != Closed {
			t.Fatalf("round %d: pop of a closed and drained ring: %v", round, r)
		}
	}
}

// Len may be asked for by anyone at any time and is never out of range.
func TestLenFromOutside(t *testing.T) {
	const limit = 20_000
	spsc, mpsc := NewSPSC[item](8), NewMPSC[item](8)
	for name, q := range map[string]interface {
		Len() int
		Cap() int
		Push(item) Result
		PushBatch([]item) (int, Result)
		Pop() (item, Result)
		PopBatch([]item) (int, Result)
		Close()
	}{"spsc": spsc, "mpsc": mpsc} {
		done := make(chan struct{})
		var watching sync.WaitGroup
		watching.Go(func() {
			for {
				if n := q.Len(); n < 0 || n > q.Cap() {
					t.Errorf("%s: Len is %d of %d", name, n, q.Cap())
				}
				select {
				case <-done:
					return
				default:
					runtime.Gosched()
				}
			}
		})
		go func() {
			produce(0, limit, q.Push, q.PushBatch)
			q.Close()
		}()
		consume(q.Pop, q.PopBatch, func(item) {})
		close(done)
		watching.Wait()
		if q.Len() != 0 {
			t.Errorf("%s: Len of a drained ring is %d", name, q.Len())
		}
	}
}
