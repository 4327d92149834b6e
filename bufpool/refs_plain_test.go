//go:build !race && !slabdebug

package bufpool

import (
	"strings"
	"testing"
)

func TestLeaksIsOneLine(t *testing.T) {
	p := New(Options{})
	if got := p.Leaks(); got != nil {
		t.Errorf("leaks of an unused pool: %q", got)
	}
	a, b, c := mustGet(t, p, 1), mustGet(t, p, 2), mustGet(t, p, p.SlabSize())
	got := p.Leaks()
	if len(got) != 1 || !strings.HasPrefix(got[0], "slabs held: 3 (2 of 512 bytes, 1 of 130560 bytes)") {
		t.Errorf("leaks: %q", got)
	}
	a.Release()
	b.Release()
	c.Release()
}
