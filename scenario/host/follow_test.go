package host_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/scenario/host"
)

// All of the first messages are followed, and half as many of each doubling.
func TestFollowedThinsOut(t *testing.T) {
	const dense = 64
	count := func(from, to uint64) (n int) {
		for seq := from; seq < to; seq++ {
			if host.Followed(seq, dense) {
				n++
			}
		}
		return n
	}
	if n := count(0, dense); n != dense {
		t.Errorf("%d of the first %d", n, dense)
	}
	for from := uint64(dense); from < 1<<16; from *= 2 {
		if n := count(from, 2*from); n != dense/2 {
			t.Errorf("%d from %d to %d, want %d", n, from, 2*from, dense/2)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // evenly: no gap is more than that of the next doubling
		seq := rapid.Uint64Range(dense, 1<<60).Draw(t, "seq")
		for k := 0; ; k++ {
			if step := uint64(1) << k; step*dense > seq {
				if next := (seq/step + 1) * step; !host.Followed(next, dense) && !host.Followed(next+step, dense) && next < 2*step*dense {
					t.Fatalf("%d: neither %d nor %d", seq, next, next+step)
				}
				return
			}
		}
	})
}
