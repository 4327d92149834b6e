package bufpool

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// liveSlab is what the model knows of a slab that is held.
type liveSlab struct {
	s     *Slab
	class class
	refs  int
	stamp byte // in its first and last byte
}

// poolModel is a pool done slowly: the idle blocks are one list in the order of their release, nothing is linked.
type poolModel struct {
	p               *Pool
	budget, maxIdle int64
	live            []*liveSlab
	idle            []class // the latest released last
	want            Stats
	stamps          byte
}

func (m *poolModel) get(t *rapid.T) {
	n := rapid.OneOf(rapid.IntRange(0, 4<<10), rapid.Just(m.p.SlabSize())).Draw(t, "n")
	c, ok := classFor(n)
	if !ok {
		t.Fatalf("no class for %d bytes", n)
	}
	s, err := m.p.GetSize(n)
	if size := int64(c.block()); m.want.InUse+size > m.budget {
		m.want.Refusals++
		if s != nil || err != ErrBudget {
			t.Fatalf("over budget: got %v, %v", s, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("GetSize(%d): %v", n, err)
	}
	m.take(c)
	if len(s.Bytes()) != c.usable() || !s.Unique() {
		t.Fatalf("GetSize(%d): %d bytes, unique %v", n, len(s.Bytes()), s.Unique())
	}
	m.stamps++
	l := &liveSlab{s: s, class: c, refs: 1, stamp: m.stamps}
	s.Bytes()[0], s.Bytes()[c.usable()-1] = l.stamp, l.stamp
	m.live = append(m.live, l)
}

// take accounts for a slab of class c handed out.
func (m *poolModel) take(c class) {
	m.want.Gets++
	m.want.Held++
	m.want.InUse += int64(c.block())
	m.want.Peak = max(m.want.Peak, m.want.InUse)
	for i := len(m.idle) - 1; i >= 0; i-- {
		if m.idle[i] == c {
			m.idle = slices.Delete(m.idle, i, i+1)
			return
		}
	}
	m.want.Misses++
}

// put accounts for a slab of class c that came back.
func (m *poolModel) put(c class) {
	m.want.Held--
	m.want.InUse -= int64(c.block())
	if int64(c.block()) > m.maxIdle {
		m.want.Trims++
		return
	}
	m.idle = append(m.idle, c)
	for m.idleBytes() > m.maxIdle {
		m.idle = m.idle[1:]
		m.want.Trims++
	}
}

func (m *poolModel) idleBytes() (sum int64) {
	for _, c := range m.idle {
		sum += int64(c.block())
	}
	return sum
}

// pick is one of the slabs held; the step is skipped if there is none.
func (m *poolModel) pick(t *rapid.T) (int, *liveSlab) {
	if len(m.live) == 0 {
		t.Skip("no slab is held")
	}
	i := rapid.IntRange(0, len(m.live)-1).Draw(t, "slab")
	return i, m.live[i]
}

func (m *poolModel) retain(t *rapid.T) {
	_, l := m.pick(t)
	l.s.Retain()
	l.refs++
}

func (m *poolModel) release(t *rapid.T) {
	i, l := m.pick(t)
	l.s.Release()
	if l.refs--; l.refs == 0 {
		m.live = slices.Delete(m.live, i, i+1)
		m.put(l.class)
	}
}

// check compares everything that can be seen.
func (m *poolModel) check(t *rapid.T) {
	m.want.Idle = m.idleBytes()
	if got := m.p.Stats(); got != m.want {
		t.Fatalf("stats\n got %+v\nwant %+v", got, m.want)
	}
	if got := m.p.Held(); got != len(m.live) {
		t.Fatalf("Held is %d, want %d", got, len(m.live))
	}
	if got := len(m.p.Leaks()); (got == 0) != (len(m.live) == 0) || Tracing && got != len(m.live) {
		t.Fatalf("%d leaks reported, %d slabs held", got, len(m.live))
	}
	for _, l := range m.live {
		b := l.s.Bytes()
		if b[0] != l.stamp || b[len(b)-1] != l.stamp || l.s.Unique() != (l.refs == 1) {
			t.Fatalf("slab %d: bytes %d and %d, unique %v with %d references", l.stamp, b[0], b[len(b)-1],
				l.s.Unique(), l.refs)
		}
	}
	if err := disjoint(m.live); err != nil {
		t.Fatal(err)
	}
}

// disjoint says whether no byte belongs to two slabs.
func disjoint(live []*liveSlab) error {
	sorted := slices.Clone(live)
	slices.SortFunc(sorted, func(a, b *liveSlab) int { return cmp.Compare(address(a.s), address(b.s)) })
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		if address(a.s)+uintptr(a.class.usable()) > address(b.s) {
			return fmt.Errorf("slabs %d and %d overlap", a.stamp, b.stamp)
		}
	}
	return nil
}

func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &poolModel{
			budget:  rapid.Int64Range(1, 40<<10).Draw(t, "budget"),
			maxIdle: rapid.Int64Range(1, 16<<10).Draw(t, "maxIdle"),
		}
		m.want.Budget = m.budget
		m.p = New(Options{SlabSize: 2 << 10, Budget: m.budget, MaxIdle: m.maxIdle})
		t.Repeat(map[string]func(*rapid.T){
			"get":     m.get,
			"retain":  m.retain,
			"release": m.release,
			"again":   m.release, // twice as likely as retain, so that slabs do come back
			"":        m.check,
		})
	})
}
