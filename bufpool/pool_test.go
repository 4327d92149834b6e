package bufpool

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// address is where the slab's usable bytes begin.
func address(s *Slab) uintptr { return reflect.ValueOf(s.bytes).Pointer() }

func mustGet(t testing.TB, p *Pool, n int) *Slab {
	t.Helper()
	s, err := p.GetSize(n)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mustPanic wants f to panic with a string that has each of parts in it, and returns it.
func mustPanic(t *testing.T, f func(), parts ...string) (text string) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		if v == nil {
			t.Errorf("no panic; want one with %q", parts)
			return
		}
		text, _ = v.(string)
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("panic without %q: %v", part, v)
			}
		}
	}()
	f()
	return ""
}

func TestSlabSizeIsRoundedUp(t *testing.T) {
	for _, c := range []struct{ asked, got int }{
		{0, 130560}, {1, 512}, {32 << 10, 32 << 10}, {64<<10 - 512, 64<<10 - 512}, {64 << 10, 130560},
		{130560, 130560}, {130561, 256<<10 - 512}, {MaxSize, MaxSize},
	} {
		p := New(Options{SlabSize: c.asked})
		if got := p.SlabSize(); got != c.got {
			t.Errorf("SlabSize %d gives slabs of %d bytes, want %d", c.asked, got, c.got)
		}
		s, err := p.Get()
		if err != nil {
			t.Fatal(err)
		}
		if b := s.Bytes(); len(b) != c.got || cap(b) != c.got {
			t.Errorf("slab has %d bytes (cap %d), want %d", len(b), cap(b), c.got)
		}
		s.Release()
	}
}

func TestMisusePanics(t *testing.T) {
	mustPanic(t, func() { New(Options{SlabSize: -1}) }, "bufpool: Options.SlabSize")
	mustPanic(t, func() { New(Options{SlabSize: MaxSize + 1}) }, "bufpool: Options.SlabSize")
	mustPanic(t, func() { New(Options{Budget: -1}) }, "bufpool: Options.Budget")
	p := New(Options{})
	mustPanic(t, func() { _, _ = p.GetSize(-1) }, "bufpool: GetSize of -1 bytes")

	s := mustGet(t, p, 1)
	s.Release()
	mustPanic(t, func() { s.Release() }, "bufpool: Release", "nobody holds")
	s = mustGet(t, p, 1)
	s.Release()
	mustPanic(t, func() { s.Retain() }, "bufpool: Retain", "nobody holds")
}

func TestTooBig(t *testing.T) {
	p := New(Options{})
	s, err := p.GetSize(MaxSize + 1)
	if s != nil || !errors.Is(err, ErrTooBig) {
		t.Fatalf("got %v, %v; want %v", s, err, ErrTooBig)
	}
	if st := p.Stats(); st.Gets != 0 || st.Refusals != 0 {
		t.Errorf("a size that no class has was counted: %+v", st)
	}
}

func TestBudget(t *testing.T) {
	p := New(Options{SlabSize: 1 << 10, Budget: 3<<10 + 511})
	a, b := mustGet(t, p, 1<<10), mustGet(t, p, 1<<10)
	if _, err := p.GetSize(2 << 10); err != ErrBudget {
		t.Fatalf("2 KiB more with 2 of 3.5 KiB held: %v, want %v", err, ErrBudget)
	}
	c := mustGet(t, p, 1<<10)
	if _, err := p.GetSize(1); err != ErrBudget {
		t.Fatalf("512 bytes more with 3 of 3.49 KiB held: %v, want %v", err, ErrBudget)
	}
	a.Release() // what is idle does not count against the budget
	a, err := p.Get()
	if err != nil {
		t.Fatal(err)
	}
	a.Release()
	b.Release()
	c.Release()
	want := Stats{Idle: 3 << 10, Peak: 3 << 10, Budget: 3<<10 + 511, Gets: 4, Misses: 3, Refusals: 2}
	if got := p.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := p.GetSize(MaxSize); err != ErrBudget {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("a refusal allocates %v times, want 0", n)
	}
}

func TestHottestFirst(t *testing.T) {
	p := New(Options{})
	a, b := mustGet(t, p, 1), mustGet(t, p, 1)
	a.Release()
	b.Release()
	if first := mustGet(t, p, 1); first != b {
		t.Errorf("the slab released last did not come first")
	} else {
		first.Release()
	}
}

// What was idle for longest goes first, of whatever class, so that sizes no longer asked for do not hold the room.
func TestMaxIdle(t *testing.T) {
	p := New(Options{MaxIdle: 4 << 10})
	old, small := mustGet(t, p, 2<<10), mustGet(t, p, 1<<10)
	a, b := mustGet(t, p, 1<<10), mustGet(t, p, 512)
	old.Release()
	small.Release()
	a.Release()
	b.Release() // 4.5 KiB: old must go
	if st := p.Stats(); st.Idle != 2<<10+512 || st.Trims != 1 {
		t.Errorf("after trimming: %+v", st)
	}
	if got := mustGet(t, p, 1<<10); got != a {
		t.Errorf("the younger of two idle slabs did not come first")
	} else {
		got.Release()
	}
	big := mustGet(t, p, 8<<10) // more than everything that may be idle
	big.Release()
	if st := p.Stats(); st.Idle != 2<<10+512 || st.Trims != 2 {
		t.Errorf("after a slab larger than MaxIdle: %+v", st)
	}
}

func TestKeepNone(t *testing.T) {
	p := New(Options{MaxIdle: KeepNone})
	mustGet(t, p, 1).Release()
	mustGet(t, p, 1).Release()
	want := Stats{Peak: 512, Budget: DefaultBudget, Gets: 2, Misses: 2, Trims: 2}
	if got := p.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestUnique(t *testing.T) {
	s := mustGet(t, New(Options{}), 1)
	for i, c := range []struct {
		do   func()
		want bool
	}{{func() {}, true}, {s.Retain, false}, {s.Retain, false}, {s.Release, false}, {s.Release, true}} {
		c.do()
		if got := s.Unique(); got != c.want {
			t.Errorf("step %d: Unique is %v, want %v", i, got, c.want)
		}
	}
	s.Release()
}

func TestWarmPoolAllocatesNothing(t *testing.T) {
	p := New(Options{})
	use := func() {
		s, err := p.Get()
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.GetSize(5 << 10)
		if err != nil {
			t.Fatal(err)
		}
		s.Retain()
		s.Bytes()[0] = 1
		s.Release()
		m.Release()
		s.Release()
	}
	use()
	if n := testing.AllocsPerRun(100, use); n != 0 {
		t.Errorf("%v allocations a round, want 0", n)
	}
}

// Overdraw goes over the budget, and what it gives keeps others waiting until it is released.
func TestOverdraw(t *testing.T) {
	p := New(Options{Budget: 1 << 10})
	held := mustGet(t, p, 1<<10)
	over, err := p.Overdraw(512)
	if err != nil || len(over.Bytes()) != 512 || !over.Unique() {
		t.Fatalf("Overdraw: %v, %v", over, err)
	}
	if st := p.Stats(); st.InUse != 1<<10+512 || st.Peak != st.InUse || st.Held != 2 || st.Refusals != 0 {
		t.Errorf("after Overdraw: %+v", st)
	}
	if _, err := p.GetSize(1); err != ErrBudget {
		t.Errorf("GetSize with the budget overdrawn: %v, want %v", err, ErrBudget)
	}
	held.Release()
	mustGet(t, p, 512).Release()
	over.Release()
	if _, err := p.Overdraw(MaxSize + 1); !errors.Is(err, ErrTooBig) {
		t.Errorf("Overdraw of too much: %v, want %v", err, ErrTooBig)
	}
	mustPanic(t, func() { _, _ = p.Overdraw(-1) }, "bufpool: Overdraw of -1 bytes")
}

// A budget may be used to its last byte and not beyond.
func TestBudgetIsExact(t *testing.T) {
	p := New(Options{Budget: 1 << 10})
	a, b := mustGet(t, p, 512), mustGet(t, p, 512)
	if _, err := p.GetSize(512); err != ErrBudget {
		t.Errorf("over the budget: %v, want %v", err, ErrBudget)
	}
	a.Release()
	b.Release()
}
