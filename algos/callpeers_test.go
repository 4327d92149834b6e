package algos_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// keeper keeps what it is asked, and answers when the test says.
type keeper struct {
	algos.Base
	asked []algos.Request
	raw   []uint64 // the sequence numbers of the questions
}

func (k *keeper) Bind(n *core.Node) {
	k.Base.Bind(n)
	algos.Answer(&k.Base, typeDouble, func(m *core.Msg, _ *number) *number {
		k.asked, k.raw = append(k.asked, algos.RequestOf(m)), append(k.raw, m.Seq())
		return nil
	})
}

// TestAnswersCountFromThoseAskedOnly: a third node that knows the number of a call gets
// nowhere with it, and the call goes on.
func TestAnswersCountFromThoseAskedOnly(t *testing.T) {
	w := coretest.New(t, core.Config{})
	asker, asked, third := &doubler{}, &keeper{}, &algos.Base{}
	w.Node("asker", asker)
	w.Node("asked", asked)
	w.Node("third", third)
	var got []int
	w.Call(asker, func() {
		algos.Ask(&asker.Base, asked.ID(), typeDouble, &number{1}, time.Second, func(r *number, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			got = append(got, r.N)
		})
	})
	w.RunFor(0)
	payload := func(n byte) []byte { return []byte{2 * n} }
	w.Send(third, asker.ID(), wire.TypeAnswer, 0, asked.raw[0], payload(7))
	for _, seq := range []uint64{0, 1, 1<<32 - 1, 1 << 31, asked.raw[0] + 1} { // numbers of no call
		w.Send(asked, asker.ID(), wire.TypeAnswer, 0, seq, payload(8))
	}
	w.RunFor(0)
	if s := asker.CallStats(); len(got) != 0 || s.Open != 1 || s.Stray != 6 || asker.Refused() != 1 {
		t.Errorf("answers %v, %+v, %d refused", got, s, asker.Refused())
	}
	w.Call(asked, func() {
		for range 2 {
			if !asked.Reply(asked.asked[0], &number{3}) {
				t.Error("the request was not answered")
			}
		}
		if asked.Reply(algos.Request{}, &number{4}) {
			t.Error("no request was answered")
		}
	})
	w.RunFor(2 * time.Second)
	if s := asker.CallStats(); !equal(got, []int{3}) || s != (algos.CallStats{Made: 1, Answered: 1, Stray: 7}) {
		t.Errorf("answers %v, %+v", got, s)
	}
	w.Send(asked, third.ID(), wire.TypeAnswer, 0, 5, nil)
	w.RunFor(0)
	if third.Unhandled() != 1 {
		t.Error("a node that never asked has taken an answer")
	}
}

// TestAnswersToAnEarlierLife find no call of the next.
func TestAnswersToAnEarlierLife(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 3})
	var lives []*doubler
	k := &keeper{}
	asker := w.AddNode("asker", func() core.Algorithm { lives = append(lives, &doubler{}); return lives[len(lives)-1] })
	asked := w.AddNode("asked", func() core.Algorithm { return k })
	var answers []int
	ask := func() {
		d := lives[len(lives)-1]
		do(asker, func() {
			algos.Ask(&d.Base, asked.ID(), typeDouble, &number{len(lives)}, time.Second, func(r *number, err error) {
				if err != nil {
					t.Error(err)
					return
				}
				answers = append(answers, r.N)
			})
		})
	}
	w.RunFor(time.Millisecond)
	ask()
	w.RunFor(100 * time.Millisecond)
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Restart, Nodes: []string{"asker"}})
	w.RunFor(100 * time.Millisecond)
	ask()
	w.RunFor(100 * time.Millisecond)
	if len(k.asked) != 2 || k.raw[0] == k.raw[1] {
		t.Fatalf("asked %v", k.raw)
	}
	do(asked, func() {
		for i, r := range k.asked {
			k.Reply(r, &number{i})
		}
	})
	w.RunFor(2 * time.Second)
	if s := lives[1].CallStats(); !equal(answers, []int{1}) || s != (algos.CallStats{Made: 1, Answered: 1, Stray: 1}) {
		t.Errorf("answers %v, %+v", answers, s)
	}
}

// TestManyCalls: there may be so many, and each ends.
func TestManyCalls(t *testing.T) {
	w := coretest.New(t, core.Config{})
	d, k := &doubler{}, &keeper{}
	w.Node("asker", d)
	w.Node("asked", k)
	w.RunFor(0)
	ends := make(map[error]int)
	end := func(_ *core.Msg, err error) {
		var ce *algos.CallError
		if !errors.As(err, &ce) {
			t.Fatal(err)
		}
		ends[ce.Err]++
	}
	w.Call(d, func() {
		var last algos.Call
		for range algos.MaxCalls + 3 {
			last = d.Call(k.ID(), typeDouble, &number{1}, time.Second, end)
		}
		if !last.Cancel() || last.Cancel() || len(ends) != 0 {
			t.Error("a call that was refused cannot be cancelled")
		}
	})
	if s := d.CallStats(); s.Open != algos.MaxCalls || s.Refused != 3 {
		t.Errorf("%+v", s)
	}
	w.RunFor(2 * time.Second)
	if ends[algos.ErrTooManyCalls] != 2 || ends[algos.ErrTimeout] != algos.MaxCalls || len(ends) != 2 {
		t.Errorf("ended %v", ends)
	}
	if s := d.CallStats(); s.Open != 0 || s.TimedOut != algos.MaxCalls {
		t.Errorf("%+v", s)
	}
}

// TestCallsOfANodeThatStops do not fail: that is the end, and nothing to repair.
func TestCallsOfANodeThatStops(t *testing.T) {
	w := coretest.New(t, core.Config{})
	d, k := &doubler{}, &keeper{}
	w.Node("asker", d)
	w.Node("asked", k)
	w.RunFor(0)
	w.Call(d, func() {
		for _, to := range []core.NodeID{k.ID(), d.ID(), w.ID("nobody")} {
			d.Call(to, typeDouble, nil, time.Second, func(_ *core.Msg, err error) { t.Errorf("told %v", err) })
		}
		d.Stop()
	})
	w.RunFor(2 * time.Second)
	if !d.Ended() {
		t.Error("the node has not ended")
	}
}

// TestIdleLinksFailNoCalls: a lane that closes for rest has delivered the question.
func TestIdleLinksFailNoCalls(t *testing.T) {
	w := coretest.New(t, core.Config{IdleTimeout: time.Second})
	d, k := &doubler{}, &keeper{}
	w.Node("asker", d)
	w.Node("asked", k)
	w.RunFor(0)
	answered := 0
	w.Call(d, func() {
		d.Call(k.ID(), typeDouble, &number{}, time.Minute, func(_ *core.Msg, err error) {
			if err != nil {
				t.Error(err)
			}
			answered++
		})
	})
	w.RunFor(10 * time.Second)
	if s := d.CallStats(); s.Open != 1 {
		t.Fatalf("%+v", s)
	}
	w.Call(k, func() { k.Reply(k.asked[0], nil) })
	w.RunFor(time.Second)
	if answered != 1 {
		t.Errorf("answered %d times", answered)
	}
}

// TestRepliesToUnprovenPeers are no longer than what they asked: who forged a hello
// would have others flooded.
func TestRepliesToUnprovenPeers(t *testing.T) {
	for _, c := range []struct {
		question []byte
		answer   *text
		sent     bool
	}{
		{[]byte{5, 'h', 'e', 'l', 'l', 'o'}, &text{"short"}, true},
		{[]byte{5, 'h', 'e', 'l', 'l', 'o'}, &text{"longer"}, false},
	} {
		for _, tr := range []core.InTransport{silent{}, liar{}} {
			w := coretest.New(t, core.Config{})
			b := &algos.Base{}
			w.Node("node", b)
			algos.Answer(b, typeDouble, func(_ *core.Msg, q *text) *text { return c.answer })
			w.RunFor(0)
			deliverBy(tr, w, b, wire.Header{Type: typeDouble, Sender: nodeID(9), Seq: 7, Size: len(c.question)}, c.question)
			w.Step()
			_, honest := tr.(silent)
			if refused := b.Refused() != 0; refused == (c.sent || honest) {
				t.Errorf("%q answered with %q, proven %v: refused %v", c.question, c.answer.S, honest, refused)
			}
		}
	}
}

type text struct{ S string }

func (x *text) Fields(f *pack.Fields) { f.String(&x.S) }
