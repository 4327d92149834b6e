package soak

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// overlay is the nodes under load.
type overlay struct {
	eng   *engine.Engine
	rng   *rand.Rand
	ids   []core.NodeID
	next  []map[uint32]core.NodeID // of each place
	apps  [][]uint32               // sessions that begin at each place
	lives []*life                  // in the places, all alive
	past  []*life                  // ended, and perhaps not closed yet
	books Books                    // of lives that were closed
	ends  int                      // lives that were ended
	rate  float64
}

const (
	pathLength = 5
	idleAfter  = 5 * time.Second
	payload    = 2000 // bytes in a message of a session
)

func newOverlay(s Spec) (o *overlay, err error) {
	opt := engine.Options{Seed: s.Seed, ExpectNodes: s.Nodes, Log: slog.New(slog.DiscardHandler)}
	opt.Core.IdleTimeout, opt.Core.FailTimeout = idleAfter, idleAfter
	o = &overlay{rng: rand.New(rand.NewPCG(s.Seed, 1)), rate: s.Rate}
	if o.eng, err = engine.New(opt); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			o.eng.Close()
		}
	}()
	for range s.Nodes {
		o.next = append(o.next, map[uint32]core.NodeID{})
		o.apps = append(o.apps, nil)
		alg := &walker{}
		n, err := o.eng.AddNode(alg, engine.NodeOptions{})
		if err != nil {
			return nil, fmt.Errorf("soak: node %d of %d: %w", len(o.ids), s.Nodes, err)
		}
		o.ids, o.lives = append(o.ids, n.ID()), append(o.lives, &life{node: n, alg: alg})
	}
	for app := range uint32(s.Sessions) {
		way := o.rng.Perm(s.Nodes)[:min(pathLength, s.Nodes)]
		o.apps[way[0]] = append(o.apps[way[0]], app+1)
		for i := range len(way) - 1 {
			o.next[way[i]][app+1] = o.ids[way[i+1]]
		}
	}
	for at := range o.lives {
		if err := o.settle(at); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// settle gives a node that was started its part in the sessions.
func (o *overlay) settle(at int) error {
	l := o.lives[at]
	return l.node.Do(func(c *core.Node) {
		l.alg.next = o.next[at]
		for _, app := range o.apps[at] {
			c.AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: payload}, o.rate))
		}
	})
}

// restart ends a node, in order or by a crash, and starts another at its address.
func (o *overlay) restart(ctx context.Context, at int, crash bool) error {
	old := o.lives[at]
	if err := old.alive(); err != nil {
		return err
	}
	if crash {
		if err := old.node.Do(func(c *core.Node) { c.After(0, crashTimer) }); err != nil {
			return fmt.Errorf("soak: crash a node: %w", err)
		}
	} else {
		stop, cancel := context.WithTimeout(ctx, stopPatience)
		_ = old.node.Stop(stop) // what it could not deliver in time is counted
		cancel()
	}
	select {
	case <-old.node.Done():
	case <-time.After(hungAfter):
		return fmt.Errorf("soak: node %v did not end within %v", old.node.ID(), hungAfter)
	}
	if c := old.node.Crash(); c != nil && c.Value != any(errCrash) {
		return fmt.Errorf("soak: node %v panicked while it ended: %v", old.node.ID(), c.Value)
	}
	old.ended = time.Now()
	o.past, o.ends = append(o.past, old), o.ends+1
	alg := &walker{}
	n, err := o.eng.AddNode(alg, engine.NodeOptions{Listen: o.ids[at].String()})
	if err != nil {
		return fmt.Errorf("soak: a node could not be started again: %w", err)
	}
	o.lives[at] = &life{node: n, alg: alg}
	return o.settle(at)
}

const (
	stopPatience = 200 * time.Millisecond
	hungAfter    = 30 * time.Second
)

// close closes the books of lives that ended long ago.
func (o *overlay) close(now time.Time) {
	keep := o.past[:0]
	for _, l := range o.past {
		if now.Sub(l.ended) < closed {
			keep = append(keep, l)
		} else {
			o.books.add(l.books())
		}
	}
	clear(o.past[len(keep):])
	o.past = keep
}

// total is the books of all lives.
func (o *overlay) total() Books {
	b := o.books
	for _, l := range append(o.past[:len(o.past):len(o.past)], o.lives...) {
		b.add(l.books())
	}
	return b
}

// alive is an error if a node has ended that nobody has ended: its books would balance.
func (l *life) alive() error {
	select {
	case <-l.node.Done():
		why := any("nobody has ended it")
		if c := l.node.Crash(); c != nil {
			why = c.Value
		}
		return fmt.Errorf("soak: node %v has ended by itself: %v", l.node.ID(), why)
	default:
		return nil
	}
}

// cut ends the connections that lead to a node, as its network would.
func (o *overlay) cut(at int) error {
	return o.lives[at].node.Do(func(c *core.Node) {
		for _, l := range c.Stats().Upstream {
			if !l.From.IsZero() {
				c.CloseUpstream(l.From)
			}
		}
	})
}

// throttle changes a node's emulated bandwidth; 0 is none.
func (o *overlay) throttle(at int, rate emul.Rate) error {
	return o.lives[at].node.Do(func(c *core.Node) { c.SetBandwidth(emul.Bandwidth{Down: rate}) })
}

// storm has a node ping some others.
func (o *overlay) storm(at int) error {
	var to []core.NodeID
	for range 8 {
		if other := o.rng.IntN(len(o.ids)); other != at {
			to = append(to, o.ids[other])
		}
	}
	l := o.lives[at]
	return l.node.Do(func(*core.Node) { l.alg.storm(to, 50) })
}

// quiet ends all sources and emulation and waits until nothing moves any more.
func (o *overlay) quiet() (Books, error) {
	for at, l := range o.lives {
		err := l.node.Do(func(c *core.Node) {
			c.SetBandwidth(emul.Bandwidth{})
			for _, app := range o.apps[at] {
				c.StopSource(app)
			}
		})
		if err != nil {
			return o.total(), err
		}
	}
	// Lanes close when they have been at rest; what their peers took is known by then, and
	// what they say in the end comes within closed.
	deadline := time.Now().Add(closed + 2*idleAfter)
	before, same := o.total(), 0
	for time.Now().Before(deadline) {
		time.Sleep(250 * time.Millisecond)
		now := o.total()
		if same++; now != before {
			same = 0
		}
		before = now
		if same >= 8 && now.Balance() == 0 {
			break
		}
	}
	return before, nil
}
