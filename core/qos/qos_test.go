package qos

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const tick = 250 * time.Millisecond

// A peer that owes an answer is out of patience's favour only as long as none
// comes: not if it is silent with nothing outstanding, nor if its window is closed
// and it answers probes.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		name string
		at   func(i int) Kernel
		want time.Duration // owed after 20 looks
	}{
		{"nothing outstanding", func(int) Kernel { return Kernel{SinceAck: time.Hour} }, 0},
		{"on its way", func(int) Kernel { return Kernel{Unacked: 5, SinceAck: time.Hour} }, 0},
		{"sent again, and no answer", func(i int) Kernel {
			return Kernel{Unacked: 5, Unanswered: i > 0, SinceAck: time.Hour + time.Duration(i)*tick}
		}, 19 * tick},
		{"loss, and progress", func(i int) Kernel {
			return Kernel{Acked: uint64(i), Unacked: 5, Unanswered: true, SinceAck: time.Hour}
		}, 0},
		{"a closed window that answers", func(i int) Kernel {
			return Kernel{Unacked: 5, Unanswered: i%2 == 0, SinceAck: time.Duration(i%2) * tick}
		}, 0},
		{"a probe that is answered late", func(i int) Kernel {
			return Kernel{Unacked: 5, Unanswered: true, SinceAck: time.Duration(i%8) * tick}
		}, 3 * tick},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Patience
			owed := time.Duration(0)
			for i := range 20 {
				owed = p.Look(time.Duration(i)*tick, c.at(i))
			}
			if owed != c.want {
				t.Errorf("owes for %v, want %v", owed, c.want)
			}
		})
	}
}

// A stream may be silent for as long as its pauses explain, and no longer; without
// a history it may for ever.
func TestRhythm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.IntRange(1, 30).Draw(t, "ticks between messages")
		count := rapid.IntRange(1, 30).Draw(t, "messages")
		var r Rhythm
		now := time.Duration(0)
		for range count {
			now += time.Duration(every) * tick
			r.Moved(now)
		}
		floor := time.Second
		silent, allowed, known := r.Silence(now+3*tick, floor)
		if silent != 3*tick || known != (count >= rhythmTicks) {
			t.Fatalf("silent for %v, known %v after %d", silent, known, count)
		}
		usual := time.Duration(every) * tick
		if count > 1 && (allowed < floor || allowed < usual || allowed > max(floor, rhythmFactor*usual)) {
			t.Fatalf("may be silent for %v, with pauses of %v", allowed, usual)
		}
	})
}

// A meter follows a steady counter exactly, and a changed one within a few looks.
func TestMeter(t *testing.T) {
	var m Meter
	now, count := time.Hour, uint64(0)
	look := func(n int, perLook uint64) (rate float64) {
		for range n {
			now += tick
			count += perLook
			rate = m.Look(now, tick, count)
		}
		return rate
	}
	if r := look(5, 250); r != 1000 {
		t.Errorf("steady: %v a second, want 1000", r)
	}
	if r := look(8, 500); r < 1990 || r > 2000 {
		t.Errorf("twice as fast: %v a second, want about 2000", r)
	}
	if r := m.Rate(now+2*tick, tick); r < 1990 {
		t.Errorf("between looks: %v a second, want about 2000", r)
	}
	if r := m.Rate(now+2*tick+1, tick); r != 0 {
		t.Errorf("%v a second, though nobody has looked for two steps", r)
	}
	now += time.Hour
	if r := look(1, 250); r != 1000 {
		t.Errorf("after a pause without a look: %v a second, want 1000 and nothing of the rate before", r)
	}
	if r := look(1, 0); r != 0 || m.Rate(now, tick) != 0 {
		t.Errorf("stopped: %v a second", r)
	}
	now += time.Hour
	if r := look(1, 250); r != 1000 {
		t.Errorf("after a pause: %v a second, want 1000", r)
	}
}
