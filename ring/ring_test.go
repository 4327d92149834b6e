package ring

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
	"pgregory.net/rapid"
)

func TestCapacityIsRoundedUp(t *testing.T) {
	for _, c := range []struct{ asked, got int }{
		{1, 1}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {1000, 1024}, {1024, 1024}, {1025, 2048},
	} {
		for _, k := range kinds {
			if got := k.make(c.asked).Cap(); got != c.got {
				t.Errorf("%s: capacity %d gives %d, want %d", k.name, c.asked, got, c.got)
			}
		}
	}
}

func TestBadCapacityPanics(t *testing.T) {
	for _, capacity := range []int{0, -1, MaxCapacity + 1} {
		for _, k := range kinds {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: capacity %d did not panic", k.name, capacity)
					}
				}()
				k.make(capacity)
			}()
		}
	}
}

func TestResultNames(t *testing.T) {
	for r, want := range map[Result]string{
		OK: "ok", Full: "full", Empty: "empty", Closed: "closed", Result(9): "ring.Result(9)",
	} {
		if got := r.String(); got != want {
			t.Errorf("Result %d is %q, want %q", uint8(r), got, want)
		}
	}
}

func TestEmptyBatches(t *testing.T) {
	for _, k := range kinds {
		q := k.make(1)
		check := func(when string, call string, n int, r, want Result) {
			t.Helper()
			if n != 0 || r != want {
				t.Errorf("%s: %s of nothing on a ring %s: %d, %v; want 0, %v", k.name, call, when, n, r, want)
			}
		}
		n, r := q.PopBatch(nil)
		check("empty", "PopBatch", n, r, Empty)
		q.Push(1)
		n, r = q.PopBatch(nil)
		check("full", "PopBatch", n, r, OK)
		n, r = q.PushBatch(nil)
		check("full", "PushBatch", n, r, OK)
		q.Close()
		n, r = q.PushBatch(nil)
		check("closed", "PushBatch", n, r, Closed)
		q.Pop()
		n, r = q.PopBatch(nil)
		check("closed and drained", "PopBatch", n, r, Closed)
	}
}

func TestAgainstModel(t *testing.T) {
	genOp := rapid.Custom(func(t *rapid.T) op {
		// Close ends the interesting part of a sequence, so it is rare.
		kind := rapid.SampledFrom([]opKind{
			opPush, opPush, opPushBatch, opPushBatch, opPop, opPop, opPopBatch, opPopBatch, opPush, opPop, opClose,
		}).Draw(t, "kind")
		return op{kind, rapid.IntRange(0, 20).Draw(t, "n")}
	})
	for _, k := range kinds {
		t.Run(k.name, rapid.MakeCheck(func(t *rapid.T) {
			capacity := rapid.IntRange(1, 16).Draw(t, "capacity")
			if err := replay(k.make(capacity), rapid.SliceOf(genOp).Draw(t, "ops")); err != nil {
				t.Fatal(err)
			}
		}))
	}
}

// FuzzOps reads a capacity and then one operation a byte: its kind and the length of its batch.
func FuzzOps(f *testing.F) {
	f.Add([]byte{1})
	f.Add([]byte{4, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2})
	f.Add([]byte{8, 1 + 5*7, 3 + 5*3, 1 + 5*7, 3 + 5*20, 4, 3 + 5*20, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		capacity := int(data[0]%32) + 1
		var ops []op
		for _, b := range data[1:] {
			ops = append(ops, op{opKind(b) % numOps, int(b) / int(numOps)})
		}
		for _, k := range kinds {
			if err := replay(k.make(capacity), ops); err != nil {
				t.Fatalf("%s of %d: %v", k.name, capacity, err)
			}
		}
	})
}

// A stale headSeen must never make the ring seem roomier than it is, nor a hopelessly old one full for ever.
func TestOldHeadSeen(t *testing.T) {
	q := NewMPSC[int](4)
	for i := 1; i <= 100; i++ {
		q.headSeen.Store(0)
		if r := q.Push(i); r != OK {
			t.Fatalf("push %d: %v", i, r)
		}
		if v, r := q.Pop(); v != i || r != OK {
			t.Fatalf("pop %d: %d, %v", i, v, r)
		}
	}
	q.headSeen.Store(0)
	if n, r := q.PushBatch([]int{1, 2, 3, 4, 5}); n != 4 || r != Full {
		t.Fatalf("PushBatch of 5 into 4: %d, %v", n, r)
	}
}

// A producer stopped between its claim and its mark hides what comes after, and Close does not end the ring before it.
func TestUnfinishedPush(t *testing.T) {
	q := NewMPSC[int](4)
	at, n, r := q.claim(2)
	if at != 0 || n != 2 || r != OK {
		t.Fatalf("claim: %d, %d, %v", at, n, r)
	}
	q.Push(3)
	q.Close()
	if _, r := q.Pop(); r != Empty {
		t.Fatalf("pop before the first run is marked: %v, want %v", r, Empty)
	}
	dst := make([]int, 4)
	if n, r := q.PopBatch(dst); n != 0 || r != Empty {
		t.Fatalf("pop before the first run is marked: %d, %v", n, r)
	}
	moveIn(q.slots, at, []int{1, 2})
	q.mark(at, 2)
	if n, r := q.PopBatch(dst); n != 3 || r != OK || !slices.Equal(dst[:n], []int{1, 2, 3}) {
		t.Fatalf("pop after it is marked: %d, %v, %v", n, r, dst)
	}
	if _, r := q.Pop(); r != Closed {
		t.Fatalf("pop of a closed and drained ring: %v", r)
	}
}

func TestNoAllocations(t *testing.T) {
	vs, dst := make([]int, 16), make([]int, 16)
	for _, k := range kinds {
		q := k.make(32)
		if n := testing.AllocsPerRun(200, func() {
			q.Push(1)
			q.Pop()
			q.PushBatch(vs)
			q.PopBatch(dst)
		}); n != 0 {
			t.Errorf("%s: %v allocations a round, want 0", k.name, n)
		}
	}
}

// Fields written by different goroutines must lie at least a cache line apart, and that far from the struct's ends,
// where other objects may lie.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		typ    reflect.Type
		groups [][]string
	}{
		{reflect.TypeFor[SPSC[byte]](), [][]string{
			{"slots", "mask", "calls"}, {"tail", "closed", "headSeen"}, {"head", "tailSeen"},
		}},
		{reflect.TypeFor[MPSC[byte]](), [][]string{
			{"slots", "marks", "mask", "calls"}, {"tail", "headSeen"}, {"head", "ready"},
		}},
	} {
		line := reflect.TypeFor[cpu.CacheLinePad]().Size()
		end, named := uintptr(0), 0 // end of the group before
		for _, group := range c.groups {
			first, ok := c.typ.FieldByName(group[0])
			if !ok {
				t.Fatalf("%v has no field %s", c.typ, group[0])
			}
			if first.Offset < end+line {
				t.Errorf("%v.%s begins at %d, less than a line after %d", c.typ, group[0], first.Offset, end)
			}
			for _, name := range group {
				f, ok := c.typ.FieldByName(name)
				if !ok {
					t.Fatalf("%v has no field %s", c.typ, name)
				}
				end = max(end, f.Offset+f.Type.Size())
				named++
			}
			if end-first.Offset > line {
				t.Errorf("%v: fields %v take %d bytes, more than a line", c.typ, group, end-first.Offset)
			}
		}
		if c.typ.Size() < end+line {
			t.Errorf("%v ends at %d, less than a line after its last field's %d", c.typ, c.typ.Size(), end)
		}
		if want := c.typ.NumField() - len(c.groups) - 1; named != want {
			t.Errorf("%v has %d fields that are not padding; the test names %d", c.typ, want, named)
		}
	}
}

func ExampleSPSC() {
	q := NewSPSC[string](2)
	fmt.Println(q.Push("a"), q.Push("b"), q.Push("c"))
	q.Close()
	for {
		v, r := q.Pop()
		if r != OK {
			fmt.Println(r)
			return
		}
		fmt.Println(v)
	}
	// Output:
	// ok ok full
	// a
	// b
	// closed
}
