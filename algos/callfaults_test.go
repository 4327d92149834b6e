package algos_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// question names whom it is for, so that an answer by somebody else is seen.
type question struct {
	For  core.NodeID
	Life uint64 // of the asker
	N    int
}

func (q *question) Fields(f *pack.Fields) { f.Node(&q.For); f.Uint64(&q.Life); f.Int(&q.N) }

// outcome is what a call has come to.
type outcome struct {
	ends      int
	cancelled bool
}

// prober asks others all the time and keeps books. Some questions it answers later, twice
// or never.
type prober struct {
	algos.Base
	t        *testing.T
	life     uint64
	peers    func() []core.NodeID
	calls    []*outcome
	kinds    map[string]int
	untilNow func() bool // asks as long as it holds
}

func (p *prober) Bind(n *core.Node) {
	p.Base.Bind(n)
	algos.Answer(&p.Base, typeDouble, p.asked)
	p.Handle(wire.TypeStarted, func(*core.Msg) { p.Every(7*time.Millisecond, p.round) })
}

func (p *prober) asked(m *core.Msg, q *question) *question {
	r := algos.RequestOf(m)
	if r.From() != m.From() || q.For != p.ID() {
		p.t.Errorf("%v was asked what is for %v", p.ID(), q.For)
	}
	switch p.Rand().IntN(8) {
	case 0:
		return nil // never
	case 1:
		p.AfterFunc(time.Duration(p.Rand().IntN(300))*time.Millisecond, func() { p.Reply(r, q) })
		return nil
	case 2:
		p.Reply(r, q)
	case 3:
		p.Reply(r, &number{7}) // which does not read
		return nil
	}
	return q
}

func (p *prober) round() {
	if !p.untilNow() {
		return
	}
	for range 1 + p.Rand().IntN(3) {
		p.ask()
	}
}

func (p *prober) ask() {
	peers := p.peers()
	dest := peers[p.Rand().IntN(len(peers))]
	timeout := time.Duration(1+p.Rand().IntN(200)) * time.Millisecond
	deadline := p.Now() + timeout
	o := &outcome{}
	q := &question{For: dest, Life: p.life, N: len(p.calls)}
	p.calls = append(p.calls, o)
	c := algos.Ask(&p.Base, dest, typeDouble, q, timeout, func(r *question, err error) {
		o.ends++
		switch {
		case o.ends > 1 || o.cancelled:
			p.t.Errorf("a call ended %d times, cancelled %v", o.ends, o.cancelled)
		case err == nil:
			p.kinds["answer"]++
			if *r != *q {
				p.t.Errorf("asked %+v, answered %+v", *q, *r)
			}
		case !p.Running() && !errors.Is(err, pack.ErrMalformed):
			p.t.Errorf("a node that stops was told %v", err)
		case errors.Is(err, algos.ErrTimeout):
			p.kinds["timeout"]++
			if p.Now() != deadline {
				p.t.Errorf("timed out at %v, not %v", p.Now(), deadline)
			}
		case errors.Is(err, algos.ErrUnreachable):
			p.kinds["unreachable"]++
		case errors.Is(err, algos.ErrNoPeer) && dest == p.ID():
			p.kinds["self"]++
		case errors.Is(err, pack.ErrMalformed):
			p.kinds["malformed"]++
		default:
			p.t.Error(err)
		}
		if p.Now() > deadline {
			p.t.Errorf("ended at %v, after %v", p.Now(), deadline)
		}
		if p.Rand().IntN(10) == 0 && p.untilNow() {
			p.ask() // from within
		}
	})
	if p.Rand().IntN(20) == 0 {
		p.AfterFunc(timeout/2, func() {
			if ended := o.ends > 0; c.Cancel() == ended {
				p.t.Errorf("Cancel said %v of a call that had ended %d times", !ended, o.ends)
			}
			o.cancelled = o.ends == 0
			if o.cancelled {
				p.kinds["cancelled"]++
			}
		})
	}
}

// TestEveryCallEndsOnce: whatever breaks, a call ends once, with the answer to its
// question or with what went wrong, and not after its timeout.
func TestEveryCallEndsOnce(t *testing.T) {
	seeds := uint64(12)
	switch {
	case bufpool.Tracing:
		seeds = 1 // each slab's history costs more than all the rest
	case testing.Short():
		seeds = 3
	}
	kinds := make(map[string]int)
	var stray uint64
	for seed := range seeds {
		const nodes, ends = 8, 3 * time.Second
		w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})
		var ids []core.NodeID
		var lives []*prober
		ns := w.Add(nodes, func(int) core.Algorithm {
			p := &prober{t: t, life: uint64(len(lives)), kinds: kinds, peers: func() []core.NodeID { return ids }, untilNow: func() bool { return w.Now() < ends }}
			lives = append(lives, p)
			return p
		})
		rng := rand.New(rand.NewPCG(seed, 1))
		names := make([]string, nodes)
		for i, n := range ns {
			ids, names[i] = append(ids, n.ID()), n.Name()
		}
		for at := 100 * time.Millisecond; at < ends; at += time.Duration(20+rng.IntN(200)) * time.Millisecond {
			f := sim.Fault{At: at, Kind: sim.FaultKind(1 + rng.IntN(int(sim.Heal))), Nodes: algos.Pick(rng, names, 2)}
			switch f.Kind {
			case sim.Crash, sim.Stop, sim.Restart:
				f.Nodes = f.Nodes[:1]
				w.Schedule(sim.Fault{At: at + time.Duration(rng.IntN(300))*time.Millisecond, Kind: sim.Restart, Nodes: f.Nodes})
			case sim.Partition:
				f.Groups, f.Nodes = [][]string{names[:3], names[3:]}, nil
			case sim.Heal:
				f.Nodes = nil
			}
			w.Schedule(f)
		}
		w.RunFor(ends + time.Second)
		for _, p := range lives {
			s := p.CallStats()
			stray += s.Stray
			if s.Made != s.Answered+s.TimedOut+s.Unreachable+s.Refused+s.Cancelled+s.Open {
				t.Errorf("%+v", s)
			}
			for i, o := range p.calls {
				if !p.Ended() && !o.cancelled && o.ends != 1 {
					t.Errorf("seed %d, life %d: call %d ended %d times", seed, p.life, i, o.ends)
				}
			}
			if !p.Ended() && s.Open != 0 {
				t.Errorf("%d calls are open", s.Open)
			}
		}
	}
	for _, k := range []string{"answer", "timeout", "unreachable", "self", "malformed", "cancelled"} {
		if kinds[k] == 0 {
			t.Errorf("no call ended with %s", k)
		}
	}
	if stray == 0 {
		t.Error("no answer was late or came twice")
	}
	t.Logf("%v, %d stray", kinds, stray)
}
