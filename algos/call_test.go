package algos_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

const typeDouble = wire.FirstUserType

// number is a request and an answer.
type number struct{ N int }

func (n *number) Fields(f *pack.Fields) { f.Int(&n.N) }

// doubler answers with twice what it is asked.
type doubler struct {
	algos.Base
	asked int
}

func (d *doubler) Bind(n *core.Node) {
	d.Base.Bind(n)
	algos.Answer(&d.Base, typeDouble, func(_ *core.Msg, q *number) *number {
		d.asked++
		return &number{2 * q.N}
	})
}

// do runs a function on a node's loop.
func do(n *sim.Node, fn func()) { n.Core().Call(fn) }

func doublers(t *testing.T, seed uint64, count int) (*simtest.World, []*sim.Node, []*doubler) {
	w := simtest.New(t, sim.Options{Seed: seed})
	ds := make([]*doubler, count)
	nodes := w.Add(count, func(i int) core.Algorithm {
		ds[i] = &doubler{}
		return ds[i]
	})
	w.RunFor(time.Millisecond)
	return w, nodes, ds
}

func TestAsk(t *testing.T) {
	w, nodes, ds := doublers(t, 1, 2)
	var got []int
	do(nodes[0], func() {
		for i := range 5 {
			algos.Ask(&ds[0].Base, nodes[1].ID(), typeDouble, &number{i}, time.Second, func(r *number, err error) {
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, r.N)
			})
		}
	})
	w.RunFor(time.Second)
	if want := []int{0, 2, 4, 6, 8}; !equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	if s := ds[0].CallStats(); s != (algos.CallStats{Made: 5, Answered: 5}) {
		t.Errorf("%+v", s)
	}
	if ds[0].Unhandled()+ds[0].BadMessages()+ds[1].Unhandled()+ds[1].BadMessages() != 0 {
		t.Error("messages were not handled")
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestCallsThatFail: each ends once, with the right error, and at the right time.
func TestCallsThatFail(t *testing.T) {
	nobody, err := core.ParseNodeID("10.9.9.9:9")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		dest func(self *sim.Node, other *sim.Node) core.NodeID
		typ  core.Type
		want error
		by   time.Duration // no later
		ends algos.CallStats
	}{
		{"nobody answers", func(_, o *sim.Node) core.NodeID { return o.ID() }, typeDouble + 1, algos.ErrTimeout, time.Second, algos.CallStats{Made: 1, TimedOut: 1}},
		{"nobody is there", func(_, _ *sim.Node) core.NodeID { return nobody }, typeDouble, algos.ErrUnreachable, 100 * time.Millisecond, algos.CallStats{Made: 1, Unreachable: 1}},
		{"itself", func(s, _ *sim.Node) core.NodeID { return s.ID() }, typeDouble, algos.ErrNoPeer, 0, algos.CallStats{Made: 1, Refused: 1}},
		{"none", func(_, _ *sim.Node) core.NodeID { return core.NodeID{} }, typeDouble, algos.ErrNoPeer, 0, algos.CallStats{Made: 1, Refused: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, nodes, ds := doublers(t, 1, 2)
			var errs []error
			var at time.Duration
			began := w.Now()
			do(nodes[0], func() {
				ds[0].Call(c.dest(nodes[0], nodes[1]), c.typ, &number{1}, time.Second, func(m *core.Msg, err error) {
					if m != nil {
						t.Error("it has an answer")
					}
					errs, at = append(errs, err), w.Now()
				})
				if len(errs) > 0 {
					t.Error("the function was called from within Call")
				}
			})
			w.RunFor(3 * time.Second)
			var ce *algos.CallError
			if len(errs) != 1 || !errors.Is(errs[0], c.want) || !errors.As(errs[0], &ce) || ce.Type != c.typ {
				t.Fatalf("ended with %v", errs)
			}
			if at-began > c.by {
				t.Errorf("ended after %v: %v", at-began, errs[0])
			}
			if s := ds[0].CallStats(); s != c.ends {
				t.Errorf("%+v", s)
			}
		})
	}
}
