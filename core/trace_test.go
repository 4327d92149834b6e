package core

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// trace runs a random network with random troubles and returns a hash of every
// message that any algorithm was given: node, type, last hop, application, number.
func trace(t *testing.T, seed uint64) (sum uint64, messages int) {
	h := fnv.New64a()
	rng := rand.New(rand.NewPCG(seed, 9))
	w := newWorld(t, Config{QueueMsgs: 1 + rng.IntN(5), Quantum: 1 + rng.IntN(3000), MaxPayload: 4096, RedialMin: time.Millisecond})
	defer w.close()
	overSock := w.sockDialler(rng, 600)
	w.dial = func(l *OutLane) {
		switch rng.IntN(6) {
		case 0:
			l.Fail(ReasonRefused)
		case 1, 2:
			w.connect(l)
		default:
			overSock(l)
		}
	}
	route := make(map[uint32][][]int)
	for i := range 12 { // more links than are found by a scan
		w.node(i, func(n *Node, m *Msg) Verdict {
			messages++
			_, _ = fmt.Fprintln(h, i, n.Now(), m.Type(), m.From(), m.Sender(), m.App(), m.Seq(), m.Payload())
			if m.Type() == typeStarted {
				n.After(time.Duration(n.Rand().IntN(1000)), 1)
			}
			if r := route[m.App()]; m.Type() == 2 && r != nil {
				for _, d := range r[i] {
					n.Send(m, nodeID(d))
				}
			}
			return Done
		})
	}
	for app := uint32(1); app <= 3; app++ {
		order := rng.Perm(12)
		route[app] = make([][]int, 12)
		for k, i := range order {
			for _, d := range order[k+1:] {
				if rng.IntN(5) == 0 || k == 0 {
					route[app][i] = append(route[app][i], d)
				}
			}
		}
		w.nodes[order[0]].AddSource(app, &numbered{w: w, rng: rng, app: app, limit: 20, size: 300, burst: 5})
	}
	for range 4 {
		w.wander(rng, 500, nil)
		switch n := w.nodes[rng.IntN(12)]; rng.IntN(3) {
		case 0:
			n.Stop()
		case 1:
			n.sw.Kill()
		default:
			n.sw.Call(func() { panic("oops") })
		}
	}
	if !w.wander(rng, 1_000_000, nil) {
		t.Fatal("the nodes are still busy")
	}
	return h.Sum64(), messages
}

// TestSameTrace: the same seed gives the same messages in the same order, twice in
// a row and with one processor or two; another seed does not.
func TestSameTrace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	seen := make(map[uint64]bool)
	for seed := range uint64(fewer(5)) {
		first, messages := trace(t, seed)
		if messages < 50 {
			t.Errorf("seed %d: only %d messages", seed, messages)
		}
		for _, procs := range []int{1, 1, 2} {
			runtime.GOMAXPROCS(procs)
			if again, _ := trace(t, seed); again != first {
				t.Fatalf("seed %d: hash %x, and %x the next time, on %d processors", seed, first, again, procs)
			}
		}
		if seen[first] {
			t.Errorf("two seeds give the same hash %x", first)
		}
		seen[first] = true
	}
}
