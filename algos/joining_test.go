package algos_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// club is a group that takes in whoever asks one who is in, and has no other rules.
type club struct {
	algos.Base
	joining algos.Joining
	lost    algos.View
	deaf    bool        // it is there, and neither answers nor joins
	founder core.NodeID // of the group that it is in
	asked   []time.Duration
}

const typeEnter = wire.FirstUserType + 71

// founder is who began a group: nobody in a question, and in the answer of who is in none.
type founder struct{ who core.NodeID }

func (f *founder) Fields(p *pack.Fields) { p.Node(&f.who) }

func (c *club) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.lost.Max = 4
	c.joining = algos.Joining{Base: &c.Base, Pause: 100 * time.Millisecond, Lost: &c.lost}
	c.joining.In = func() bool { return !c.founder.IsZero() }
	c.joining.Begin = func() { c.founder = c.ID() }
	c.joining.Ask = func(contact core.NodeID) {
		c.asked = append(c.asked, c.Now())
		algos.Ask(&c.Base, contact, typeEnter, &founder{}, time.Second, func(f *founder, err error) {
			if err != nil {
				c.lost.Add(contact)
			} else if !c.joining.In() {
				c.founder = f.who
			}
		})
	}
	algos.Answer(&c.Base, typeEnter, func(*core.Msg, *founder) *founder {
		if c.deaf {
			return nil
		}
		return &founder{c.founder}
	})
	c.OnUp(func() {
		if !c.deaf {
			c.joining.Join()
		}
	})
}

// clubs are nodes that know those that knows says.
func clubs(t *testing.T, n int, knows func(i int) []int) (*simtest.World, []*club) {
	w := simtest.New(t, sim.Options{Seed: 1, Hop: time.Millisecond})
	cs := make([]*club, n)
	w.Add(n, func(i int) core.Algorithm {
		cs[i] = &club{}
		for _, k := range knows(i) {
			cs[i].AddHost(w.ID(fmt.Sprint("n", k)))
		}
		return cs[i]
	})
	return w, cs
}

func everybody(n int) func(int) []int {
	return func(int) (all []int) {
		for i := range n {
			all = append(all, i)
		}
		return all
	}
}

// founders are the different ones.
func founders(cs []*club) (fs []core.NodeID) {
	for _, c := range cs {
		if !slices.Contains(fs, c.founder) {
			fs = append(fs, c.founder)
		}
	}
	return fs
}

// Who knows nobody begins at once; of those who know each other the lowest begins, and all others join it.
func TestJoining(t *testing.T) {
	w, cs := clubs(t, 1, everybody(1))
	if w.RunFor(0); cs[0].founder != cs[0].ID() || len(cs[0].asked) > 0 {
		t.Errorf("a node that knows nobody is in the group of %v, and has asked %d times", cs[0].founder, len(cs[0].asked))
	}
	for _, n := range []int{2, 3, 8, 20} {
		w, cs := clubs(t, n, everybody(n))
		w.RunFor(10 * time.Second)
		lowest := slices.MinFunc(w.Nodes(), func(a, b *sim.Node) int { return a.ID().Compare(b.ID()) }).ID()
		if fs := founders(cs); !slices.Equal(fs, []core.NodeID{lowest}) {
			t.Errorf("%d nodes are in groups of %v, want of %v", n, fs, lowest)
		}
	}
	w, cs = clubs(t, 10, func(i int) []int { return []int{0, max(i-1, 0)} }) // one knows nobody, and the others know it
	w.RunFor(10 * time.Second)
	if fs := founders(cs); !slices.Equal(fs, []core.NodeID{cs[0].ID()}) {
		t.Errorf("they are in groups of %v, want of the one that knows nobody, %v", fs, cs[0].ID())
	}
}

// Nobody waits for a node that is not there, or does not answer, to be the first.
func TestJoiningWithoutTheLowest(t *testing.T) {
	for _, crashes := range []bool{true, false} {
		w, cs := clubs(t, 5, everybody(5))
		order := slices.Clone(cs)
		slices.SortFunc(order, func(a, b *club) int { return a.ID().Compare(b.ID()) })
		if crashes {
			w.Schedule(sim.Fault{Kind: sim.Crash, Nodes: []string{w.Name(order[0].ID())}})
		} else {
			order[0].deaf = true
		}
		w.RunFor(20 * time.Second)
		for _, c := range order[1:] {
			if c.founder != order[1].ID() {
				t.Errorf("crashed: %v: %v is in the group of %v, want %v", crashes, c.ID(), c.founder, order[1].ID())
			}
		}
	}
}

// A node that is in no longer joins again, at the pace that it was told though it was told twice, and asks those too that were lost.
func TestJoiningAgain(t *testing.T) {
	w, cs := clubs(t, 3, everybody(3))
	w.RunFor(10 * time.Second)
	x, began := cs[2], w.Now()
	x.asked = nil
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Partition, Groups: [][]string{{"n0", "n1"}, {"n2"}}})
	w.Nodes()[2].Core().Call(func() {
		x.founder = core.NodeID{}
		x.joining.Begin = func() {}
		x.AddHost(w.ID("n0"))
		x.joining.Join()
		x.joining.Join()
	})
	w.RunFor(500 * time.Millisecond)
	if first := x.asked[0]; first != began || x.asked[1] != began {
		t.Errorf("it asked at %v, want at once, each time that it was told to join", x.asked)
	}
	for i := range x.asked[2:] {
		if pause := x.asked[i+2] - x.asked[i+1]; pause < 100*time.Millisecond || pause > 300*time.Millisecond {
			t.Errorf("it asked at %v", x.asked)
		}
	}
	for _, c := range cs[:2] {
		x.RemoveHost(c.ID())
		x.lost.Add(c.ID())
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Heal})
	w.Nodes()[2].Core().Call(x.joining.Join)
	w.RunFor(10 * time.Second)
	if x.founder != cs[0].founder {
		t.Errorf("it is in the group of %v, want %v", x.founder, cs[0].founder)
	}
}

// A Joining without a pause would ask without end.
func TestJoiningPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it joined without a pause")
		}
	}()
	(&algos.Joining{}).Join()
}
