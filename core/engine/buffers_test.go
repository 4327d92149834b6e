package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// keeper is a receiver that has stopped: it holds what it gets until it is told to go
// on.
type keeper struct {
	relay.Relay
	held []*core.Msg
	seen uint64
	open bool
}

func (k *keeper) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return k.Relay.Process(m)
	}
	k.seen++
	if k.open {
		return core.Done
	}
	k.held = append(k.held, m)
	return core.Hold
}

// release goes on, with what is held and what comes.
func (k *keeper) release() {
	k.open = true
	for _, m := range k.held {
		k.Release(m)
	}
	k.held = nil
}

// A chain whose end has stopped fills up, and then holds no more than was asked for,
// the kernel's buffers included. It goes on without loss.
func TestBuffersHoldWhatTheyWereTold(t *testing.T) {
	for _, msgs := range []int{5, 10, 40} {
		t.Run(fmt.Sprint(msgs), func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w world) {
				const payload, limit = 5120, 1000
				o := w.options()
				o.Buffers = Buffers{Messages: msgs, Payload: payload}
				e := newEngine(t, o)
				end := &keeper{}
				c := e.add(t, end, NodeOptions{})
				b := e.add(t, relay.New(nil, c.ID()), NodeOptions{})
				a := e.add(t, relay.New(nil, b.ID()), NodeOptions{})
				src := apps.NewBackToBack(apps.Stream{App: 1, Payload: payload, Limit: limit})
				do(t, a, func(n *core.Node) { n.AddSource(1, src) })
				full := func(n *Node) bool {
					s, err := n.Stats()
					return err == nil && len(s.Downstream) == 1 && s.Downstream[0].QueuedMsgs == msgs && s.Downstream[0].Waiting > 0
				}
				taken := func(n *Node) (switched uint64) {
					s, err := n.Stats()
					if err != nil {
						t.Fatal(err)
					}
					for _, l := range s.Upstream {
						switched += l.Msgs
					}
					return switched
				}
				// A queue is full now and then while the chain fills as well.
				var before [3]uint64
				still := 0
				eventually(t, "the chain is full, and nothing moves any more", func() bool {
					now := [3]uint64{taken(a), taken(b), taken(c)}
					if still++; now != before || !full(a) || !full(b) {
						before, still = now, 0
					}
					return still == 5
				})
				// The message that waits for room has been switched and is not in the link.
				ab := taken(a) - 1 - taken(b)
				bc := taken(b) - 1 - taken(c)
				if most := uint64(4 * msgs); ab > most || bc > most {
					t.Errorf("the links hold %d and %d messages; buffers of %d allow %d", ab, bc, msgs, most)
				}
				do(t, c, func(*core.Node) { end.release() })
				eventually(t, "everything has come", func() (all bool) {
					do(t, c, func(*core.Node) { all = end.seen == limit })
					return all
				})
			})
		})
	}
}

// Links with latency hold their buffers, those of the far end, and no more: what is in
// flight when the end of a chain has stopped is bounded as well.
func TestBuffersBoundLinksWithLatency(t *testing.T) {
	for _, latency := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w world) {
				const payload, msgs, limit = 1000, 5, 3000
				o := w.options()
				o.Buffers = Buffers{Messages: msgs, Payload: payload}
				e := newEngine(t, o)
				end := &keeper{}
				b := e.add(t, end, NodeOptions{})
				a := e.add(t, relay.New(nil, b.ID()), NodeOptions{})
				do(t, a, func(n *core.Node) {
					n.SetLink(b.ID(), emul.Link{Latency: latency})
					n.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: payload, Limit: limit}))
				})
				var out core.LaneOut
				look := func() {
					if s := stats(t, a); len(s.Downstream) == 1 {
						out = s.Downstream[0]
					}
				}
				held := 0
				eventually(t, "the link is full, and nothing moves any more", func() bool {
					before := out.SentMsgs
					look()
					held = max(held, out.QueuedMsgs+out.FlyingMsgs)
					return out.Waiting > 0 && out.FlyingMsgs == 0 && out.SentMsgs > 0 && out.SentMsgs == before
				})
				// The queue, and a window of at most three; a message may begin within it and end beyond. The far end of a
				// ring takes more at once, and the window, which follows, may have grown once more.
				if most := map[Links]int{TCP: 4, Mem: 4, Shm: 5}[w.links]*msgs + 1; held > most {
					t.Errorf("the link held %d messages; buffers of %d allow %d", held, msgs, most)
				}
				do(t, b, func(*core.Node) { end.release() })
				eventually(t, "everything has come", func() (all bool) {
					do(t, b, func(*core.Node) { all = end.seen == limit })
					return all
				})
			})
		})
	}
}

func TestBuffersSayWhatIsWrong(t *testing.T) {
	for _, b := range []Buffers{{Messages: -1}, {Payload: 5}, {Messages: 1, Payload: -1}, {Messages: 1, Payload: math.MaxInt}} {
		if _, err := New(Options{Buffers: b}); err == nil || !strings.Contains(err.Error(), "Options.Buffers") {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
