package core

import "testing"

// A lane that was closed in order has not failed; one whose receiving end closed it has.
func TestFailed(t *testing.T) {
	inOrder := map[Reason]bool{ReasonIdle: true, ReasonEnded: true, ReasonStopped: true, ReasonFull: true}
	for r := ReasonNone; int(r) < len(reasonNames); r++ {
		for _, d := range []Direction{Upstream, Downstream} {
			want := !inOrder[r] && (r != ReasonClosed || d == Downstream)
			if got := (LinkEvent{Reason: r, Direction: d}).Failed(); got != want {
				t.Errorf("%v, %v: failed is %v", d, r, got)
			}
		}
	}
}
