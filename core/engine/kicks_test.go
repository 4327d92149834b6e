package engine

import (
	"slices"
	"testing"
)

// kickEnd is an end of a ring that notes when it looks whether the other waits.
type kickEnd struct {
	full  bool
	woken int
}

func (k *kickEnd) urgent() bool { return k.full }
func (k *kickEnd) wake()        { k.woken++ }

// A loop with more to do lets a reader sleep for a few turns, but not one with much to read; one that is about to
// wait wakes everybody.
func TestKicksArePutOff(t *testing.T) {
	for name, c := range map[string]struct {
		more []bool // at the ends of turns
		full bool
		want []int // how often the end has looked after each
	}{
		"idle":               {more: []bool{false}, want: []int{1}},
		"busy, then idle":    {more: []bool{true, true, false}, want: []int{0, 0, 1}},
		"busy with a lot":    {more: []bool{true, true}, full: true, want: []int{1, 1}},
		"busy for long":      {more: slices.Repeat([]bool{true}, kickPatience+2), want: []int{0, 0, 0, 0, 1, 1}},
		"idle with a lot":    {more: []bool{false}, full: true, want: []int{1}},
		"idle and then busy": {more: []bool{false, true}, want: []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			end := &kickEnd{full: c.full}
			lp := &loop{kicks: []shmEnd{end}}
			for i, more := range c.more {
				lp.payKicks(more)
				if end.woken != c.want[i] {
					t.Errorf("after turn %d: %d looks, want %d", i+1, end.woken, c.want[i])
				}
			}
		})
	}
}

// One end's debt is not put off because of another's.
func TestKicksAreEachTheirOwn(t *testing.T) {
	late, soon := &kickEnd{}, &kickEnd{full: true}
	lp := &loop{kicks: []shmEnd{late, soon, late}}
	lp.payKicks(true)
	if late.woken != 0 || soon.woken != 1 || len(lp.kicks) != 2 {
		t.Errorf("%d and %d looks, %d owed; want 0, 1 and 2", late.woken, soon.woken, len(lp.kicks))
	}
	lp.payKicks(false)
	if late.woken != 2 || len(lp.kicks) != 0 {
		t.Errorf("%d looks, %d owed; want 2 and 0", late.woken, len(lp.kicks))
	}
}
