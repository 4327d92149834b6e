package coding

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// Rows in one register and rows in memory, whichever this processor would take, call the same packets innovative, and
// say the same of every missing packet in the end.
func TestBothWaysOfElimination(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trace := rapid.Bool().Draw(t, "trace")
		most := gf.RowBytes
		if trace {
			most /= 2
		}
		k := rapid.IntRange(MinK, most).Draw(t, "k")
		var line, memory eliminator
		line.reset(k, trace)
		memory.reset(k, trace)
		line.line, memory.line = true, false
		r := splitMix{rapid.Uint64().Draw(t, "seed")}
		weight := rapid.IntRange(1, k).Draw(t, "weight")
		sources := rapid.IntRange(0, 4).Draw(t, "sources in 4 packets")
		for packets := 0; line.rank() < k; packets++ {
			if packets > 100*k {
				t.Fatalf("rank %d of %d after %d packets", line.rank(), k, packets)
			}
			var got, want bool
			if r.below(4) < sources {
				i := r.below(k)
				got, want = line.addSource(i), memory.addSource(i)
			} else {
				r.sparse(line.next(), weight)
				copy(memory.next(), line.next())
				got, want = line.addRow(), memory.addRow()
			}
			if got != want || line.rank() != memory.rank() || line.n != memory.n {
				t.Fatalf("packet %d: %v with rank %d in a register, %v with rank %d in memory", packets, got, line.rank(), want, memory.rank())
			}
		}
		for i := range line.n {
			j := bytes.IndexByte(memory.pivot[:memory.n], line.pivot[i])
			if j < 0 || !bytes.Equal(line.rows[i], memory.rows[j]) {
				t.Fatalf("row of column %d is %x in a register, row %d in memory", line.pivot[i], line.rows[i], j)
			}
		}
	})
}

// Rows longer than a register stay in memory, on every processor.
func TestLongRowsStayInMemory(t *testing.T) {
	var e eliminator
	for _, c := range []struct {
		k           int
		trace, fits bool
	}{{64, false, true}, {65, false, false}, {32, true, true}, {33, true, false}, {2, true, true}, {MaxK, true, false}} {
		if e.reset(c.k, c.trace); e.line != (c.fits && gf.Best() == gf.GFNI512) {
			t.Errorf("%d packets, traced %v: one register %v", c.k, c.trace, e.line)
		}
	}
}
