package netcode

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
)

// A relay is starved when nothing can come to it any more: for want of an upstream of its stream, or since all it has say that they are starved
// themselves, or say nothing for longer than four of the generations under way take, and ten seconds.
func TestStarved(t *testing.T) {
	of := func(carries, starved bool, silentFor time.Duration) *upstream {
		return &upstream{above: above{carries: carries, at: 100*time.Second - silentFor}, starved: starved}
	}
	for _, c := range []struct {
		name   string
		source bool
		period time.Duration
		ups    []*upstream
		want   bool
	}{
		{"no upstream", false, 0, nil, true},
		{"a source, which makes what it sends", true, 0, nil, false},
		{"one that is fed", false, 0, []*upstream{of(true, false, 0)}, false},
		{"one of another stream", false, 0, []*upstream{of(false, false, 0)}, true},
		{"one that is starved", false, 0, []*upstream{of(true, true, 0)}, true},
		{"one of two that is starved", false, 0, []*upstream{of(true, true, 0), of(true, false, 0)}, false},
		{"one that was heard just in time", false, 0, []*upstream{of(true, false, 10*time.Second)}, false},
		{"one that has been silent for longer", false, 0, []*upstream{of(true, false, 10*time.Second+1)}, true},
		{"one that may be silent, since generations take long", false, 5 * time.Second, []*upstream{of(true, false, 20*time.Second)}, false},
		{"one that is silent for longer than four take", false, 5 * time.Second, []*upstream{of(true, false, 20*time.Second+1)}, true},
	} {
		w := coretest.New(t, core.Config{})
		m := NewMulticast(Session{App: 1})
		w.Node("n", m)
		w.RunFor(100*time.Second - w.Now())
		m.begun, m.period, m.ups = c.source, c.period, c.ups
		if got := m.starved(); got != c.want {
			t.Errorf("%s: starved is %v", c.name, got)
		}
		m.begun, m.ups = false, nil
	}
}
