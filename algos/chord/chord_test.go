package chord

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

// rig is a world of Chord nodes.
type rig struct {
	*simtest.World
	t *testing.T
}

// newRig makes a world of nodes; contacts are the numbers of those that node i knows.
func newRig(t *testing.T, seed uint64, n int, contacts func(i int) []int, change ...func(*Chord)) rig {
	t.Helper()
	w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})
	w.Add(n, func(i int) core.Algorithm {
		c := New()
		for _, k := range contacts(i) {
			c.AddHost(w.ID(fmt.Sprint("n", k)))
		}
		for _, fn := range change {
			fn(c)
		}
		return c
	})
	return rig{w, t}
}

// Ways to know somebody: all know the first node; each knows some, and they know others.
func first(int) []int { return []int{0} }

func some(n int) func(int) []int {
	return func(i int) []int { return []int{(i + 1) % n, (7*i + 3) % n, (31*i + 17) % n} }
}

// members are the nodes that run, in the order of the ring.
func (r rig) members() []*Chord { return r.ring(len(r.Nodes())) }

// ring are those of the first nodes that run, in the order of the ring.
func (r rig) ring(of int) (cs []*Chord) {
	for _, n := range r.Nodes()[:of] {
		if n.Running() {
			cs = append(cs, n.Algorithm().(*Chord))
		}
	}
	slices.SortFunc(cs, func(a, b *Chord) int { return cmp.Compare(a.self.Key, b.self.Key) })
	return cs
}

// oracle is the owner of a key, from a list in the order of the ring.
func oracle(cs []*Chord, key algos.Key) *Chord {
	i := slices.IndexFunc(cs, func(c *Chord) bool { return c.self.Key >= key })
	return cs[max(i, 0)]
}

// settle lets virtual time pass in quiet until every node that runs has exactly the predecessor and the
// successors that the oracle says: one ring, in order. It has to come to that in time.
func (r rig) settle(within time.Duration) {
	r.t.Helper()
	var wrong []string
	for end := r.Now() + within; ; r.RunFor(time.Second) {
		if wrong = r.wrong(); len(wrong) == 0 {
			r.t.Logf("the ring has closed %v before its time", end-r.Now())
			return
		}
		if r.Now() >= end {
			break
		}
	}
	lengths, outside := r.rings()
	r.t.Errorf("at %v there are %d rings %v, and %d are in none; %d lists are wrong: %s", r.Now(), len(lengths), lengths, outside, len(wrong), wrong[0])
}

// wrong says where the ring is not as the oracle says.
func (r rig) wrong() (wrong []string) {
	cs := r.members()
	for i, c := range cs {
		want := make(algos.Peers, min(c.Successors.Max, len(cs)-1))
		for k := range want {
			want[k] = cs[(i+k+1)%len(cs)].self
		}
		if before := cs[(i+len(cs)-1)%len(cs)].self; len(cs) > 1 && c.predecessor != before {
			wrong = append(wrong, fmt.Sprintf("the predecessor of %v is %v, want %v", c.self, c.predecessor, before))
		}
		if !slices.Equal(c.Successors.All(), want) || !c.Member() {
			wrong = append(wrong, fmt.Sprintf("the successors of %v are %v, want %v", c.self, c.Successors.All(), want))
		}
		if c.Unhandled()+c.BadMessages() > 0 {
			r.t.Errorf("%v has %d messages unhandled, %d bad", c.self, c.Unhandled(), c.BadMessages())
		}
	}
	return wrong
}

// looked is what became of lookups.
type looked struct{ asked, right, wrong, failed, hops int }

// lookups has every node look some keys up, and holds the answers against the oracle.
func (r rig) lookups(each int) (l looked) {
	cs := r.members()
	for _, n := range r.Nodes() {
		for range each {
			if !n.Running() {
				break
			}
			c := n.Algorithm().(*Chord)
			key := algos.Key(c.Rand().Uint64())
			l.asked++
			n.Core().Call(func() {
				c.Lookup(key, func(f *Found, err error) {
					switch {
					case err != nil:
						l.failed++
					case f.Owner != oracle(cs, key).self:
						l.wrong++
					default:
						l.right++
						l.hops += int(f.Hops)
					}
				})
			})
		}
	}
	r.RunFor(10 * time.Second)
	return l
}

// always looks at every invariant again and again while virtual time passes.
func (r rig) always(d time.Duration) {
	r.t.Helper()
	for end := r.Now() + d; r.Now() < end; r.RunFor(97 * time.Millisecond) {
		for _, c := range r.members() {
			if err := c.Invariant(); err != nil {
				r.t.Fatalf("at %v: %v", r.Now(), err)
			}
		}
	}
}

func seeds() []uint64 {
	if testing.Short() {
		return []uint64{1, 2}
	}
	return []uint64{1, 2, 3, 4}
}

// forSeeds runs a test over seeds and ways to know somebody.
func forSeeds(t *testing.T, n int, test func(r rig)) {
	for _, seed := range seeds() {
		for name, contacts := range map[string]func(int) []int{"first": first, "some": some(n)} {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) { test(newRig(t, seed, n, contacts)) })
		}
	}
}

func name(i int) string { return fmt.Sprint("n", i) }

func TestJoinsAtOnce(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 40} {
		forSeeds(t, n, func(r rig) {
			r.always(5 * time.Second)
			r.settle(70 * time.Second)
			if l := r.lookups(5); l.right != l.asked {
				r.t.Errorf("lookups: %+v", l)
			}
		})
	}
}

// Less than the list of successors holds fail at once: whoever is left closes the ring again, and
// knows of crashes by the links, so that lookups are right seconds later.
func TestCrashes(t *testing.T) {
	const n = 60
	forSeeds(t, n, func(r rig) {
		r.RunFor(2 * time.Minute)
		var gone []string
		for i := 1; i < n; i += 2 {
			gone = append(gone, name(i))
		}
		r.Schedule(sim.Fault{At: r.Now(), Kind: sim.Crash, Nodes: gone})
		r.always(2 * time.Second)
		r.lookups(5)
		r.settle(70 * time.Second)
		if l := r.lookups(5); l.right != l.asked {
			r.t.Errorf("lookups: %+v", l)
		}
	})
}

// Nodes come back with nothing in their heads while others remember them.
func TestRestarts(t *testing.T) {
	const n = 40
	forSeeds(t, n, func(r rig) {
		r.RunFor(2 * time.Minute)
		for i := range 30 {
			r.Schedule(sim.Fault{At: r.Now() + time.Duration(i)*time.Second, Kind: sim.Restart, Nodes: []string{name(1 + 7*i%(n-1))}})
		}
		r.always(40 * time.Second)
		r.settle(100 * time.Second)
		if l := r.lookups(5); l.right != l.asked {
			r.t.Errorf("lookups: %+v", l)
		}
	})
}

// Both sides of a partition become rings, and one again when it has healed.
func TestPartition(t *testing.T) {
	const n = 30
	forSeeds(t, n, func(r rig) {
		r.RunFor(2 * time.Minute)
		var left, right []string
		for i := range n {
			if i%3 == 0 {
				left = append(left, name(i))
			} else {
				right = append(right, name(i))
			}
		}
		r.Schedule(sim.Fault{At: r.Now(), Kind: sim.Partition, Groups: [][]string{left, right}},
			sim.Fault{At: r.Now() + 3*time.Minute, Kind: sim.Heal})
		r.always(5 * time.Second)
		r.RunFor(3 * time.Minute)
		r.settle(5 * time.Minute)
		if l := r.lookups(5); l.right != l.asked {
			r.t.Errorf("lookups: %+v", l)
		}
	})
}

// One message in twenty is lost on all links. An answer is the owner, or none.
func TestLoss(t *testing.T) {
	const n = 20
	forSeeds(t, n, func(r rig) {
		for _, a := range r.Nodes() {
			for _, b := range r.Nodes() {
				a.SetLink(b.ID(), emul.Link{Loss: 0.05})
			}
		}
		r.always(2 * time.Minute)
		l := r.lookups(20)
		if l.wrong > l.asked/50 || l.right < l.asked*9/10 {
			r.t.Errorf("lookups: %+v", l)
		}
		for _, a := range r.Nodes() {
			for _, b := range r.Nodes() {
				a.SetLink(b.ID(), emul.Link{})
			}
		}
		r.settle(100 * time.Second)
	})
}
