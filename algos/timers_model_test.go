package algos

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTimersModel holds the heap to a sorted list: whatever is set, stopped and repeated,
// what is due comes in order, and a handle finds its own timer only.
func TestTimersModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			at, every time.Duration
			ord       uint64
			slot, gen uint32
		}
		var (
			ts    = timers{armed: unarmed}
			model []entry
			gone  []entry
			now   time.Duration
		)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				e := entry{at: now + time.Duration(rapid.IntRange(0, 5).Draw(t, "in")), ord: ts.ord}
				e.every = time.Duration(rapid.IntRange(0, 3).Draw(t, "every"))
				e.slot = ts.add(e.at, timer{every: e.every})
				e.gen = ts.slots[e.slot].gen
				model = append(model, e)
			case 2:
				if len(model) > 0 {
					i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
					ts.free(model[i].slot)
					gone = append(gone, model[i])
					model = slices.Delete(model, i, i+1)
				}
			case 3:
				now += time.Duration(rapid.IntRange(0, 4).Draw(t, "passes"))
				for until := ts.ord; ; {
					slices.SortFunc(model, func(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ord, b.ord)) })
					if len(model) == 0 || model[0].at > now || model[0].ord >= until {
						break
					}
					d, e := ts.heap[0], &model[0]
					if d.at != e.at || d.ord != e.ord || d.slot != e.slot {
						t.Fatalf("%+v is due, and not %+v", d, *e)
					}
					if e.every == 0 {
						ts.free(e.slot)
						gone = append(gone, *e)
						model = model[1:]
						continue
					}
					for e.ord = ts.ord; e.at <= now; e.at += e.every {
					}
					ts.again(now, e.every)
				}
			}
			if len(ts.heap) != len(model) || len(ts.slots) != len(model)+len(ts.vacant) {
				t.Fatalf("%d in the heap, %d slots, %d vacant, want %d", len(ts.heap), len(ts.slots), len(ts.vacant), len(model))
			}
			for _, e := range model {
				if !ts.has(e.slot, e.gen) {
					t.Fatalf("%+v is lost", e)
				}
			}
			for _, e := range gone {
				if ts.has(e.slot, e.gen) {
					t.Fatalf("%+v is there still", e)
				}
			}
		}
	})
}

// TestCallsTable: numbers go round, and find their own call only.
func TestCallsTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs := calls{last: rapid.SampledFrom([]uint32{1, maxNumber - 3, 1 << 20}).Draw(t, "first")}
		open := make(map[uint32]bool)
		var numbers []uint32
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "ends") && len(numbers) > 0 {
				i := rapid.IntRange(0, len(numbers)-1).Draw(t, "which")
				cs.remove(cs.find(numbers[i]))
				delete(open, numbers[i])
				numbers = slices.Delete(numbers, i, i+1)
			} else {
				n := cs.add().number
				if n == 0 || n > maxNumber || open[n] {
					t.Fatalf("number %d", n)
				}
				open[n] = true
				numbers = append(numbers, n)
			}
			for _, n := range numbers {
				if e := cs.find(n); e == nil || e.number != n {
					t.Fatalf("call %d is lost", n)
				}
			}
			if cs.open != len(numbers) || cs.find(0) != nil || cs.find(cs.last%maxNumber+1) != nil {
				t.Fatalf("%d open of %d", cs.open, len(numbers))
			}
		}
	})
}

func TestTooManyTimersPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a node has more than MaxTimers")
		}
	}()
	ts := timers{armed: unarmed}
	for range MaxTimers + 1 {
		ts.add(0, timer{})
	}
}
