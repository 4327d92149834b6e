package stream_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps/stream"
)

// slowJitter is a jitter buffer that remembers everything and looks at all of it each time.
type slowJitter struct {
	delay   time.Duration
	max     int
	at      map[uint64]time.Duration // of messages that wait
	fastest time.Duration
	begun   bool
	next    uint64
	lost    map[uint64]bool
	counts  stream.Counts
}

func (s *slowJitter) put(now time.Duration, seq uint64, at time.Duration) stream.Arrival {
	_, waits := s.at[seq]
	switch {
	case waits, s.begun && seq < s.next && !s.lost[seq]:
		s.counts.Duplicate++
		return stream.Duplicate
	case s.begun && seq < s.next:
		delete(s.lost, seq)
		s.counts.Late++
		return stream.Late
	}
	if s.fastest == -1<<62 || now-at < s.fastest {
		s.fastest = now - at
	}
	s.at[seq] = at
	return stream.Buffered
}

func (s *slowJitter) take(now time.Duration) (seq, lost uint64, ok bool) {
	first := true
	for n := range s.at {
		if first || n < seq {
			seq, first = n, false
		}
	}
	due := !first && now >= s.at[seq]+s.fastest+s.delay
	if first || !due && len(s.at) <= s.max {
		return 0, 0, false
	}
	if !due {
		s.counts.Hurried++
	}
	delete(s.at, seq)
	if s.begun && seq > s.next {
		for n := s.next; n < seq; n++ {
			s.lost[n] = true
			lost++
		}
		s.counts.Lost += lost
		s.counts.Gaps++
	}
	s.begun, s.next = true, seq+1
	s.counts.Played++
	return seq, lost, true
}

// Whatever comes when, in whatever order and how often, is played once, in order and at its time, or counted.
func TestJitterAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delay := time.Duration(rapid.IntRange(0, 300).Draw(t, "delay")) * time.Millisecond
		room := rapid.IntRange(1, 20).Draw(t, "max")
		j := stream.NewJitter(delay, room)
		o := &slowJitter{delay: delay, max: room, at: map[uint64]time.Duration{}, fastest: -1 << 62, lost: map[uint64]bool{}}
		skew := time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "skew")) // the receiver's clock is another
		now, played := skew, int64(-1)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 60).Draw(t, "pause")) * time.Millisecond
			if rapid.IntRange(0, 3).Draw(t, "what") > 0 {
				seq := rapid.Uint64Range(0, 60).Draw(t, "seq")
				at := time.Duration(seq)*20*time.Millisecond + time.Duration(rapid.IntRange(-1, 1).Draw(t, "odd"))
				if got, want := j.Put(now, seq, at, []byte{byte(seq)}), o.put(now, seq, at); got != want {
					t.Fatalf("message %d at %v: %v, want %v", seq, now, got, want)
				}
				if j.Wants(seq) && !o.lost[seq] {
					t.Fatalf("message %d is here and wanted", seq)
				}
			}
			for {
				seq, at, data, lost, ok := j.Next(now)
				wantSeq, wantLost, want := o.take(now)
				if seq != wantSeq || lost != wantLost || ok != want {
					t.Fatalf("at %v: message %d after %d lost, %v; want %d after %d, %v", now, seq, lost, ok, wantSeq, wantLost, want)
				}
				if !ok {
					break
				}
				if int64(seq) <= played || len(data) != 1 || data[0] != byte(seq) || at > time.Duration(seq)*20*time.Millisecond+1 {
					t.Fatalf("message %d after %d with %v of %v", seq, played, data, at)
				}
				played = int64(seq)
			}
			if due, waits := j.Due(); waits != (len(o.at) > 0) || waits && due <= now {
				t.Fatalf("the next is due at %v, %v; it is %v and %d wait", due, waits, now, len(o.at))
			}
			if j.Counts() != o.counts {
				t.Fatalf("counts %+v, want %+v", j.Counts(), o.counts)
			}
		}
	})
}

// A way that has become longer is followed after two windows, and one that has become shorter at once.
func TestJitterFollowsTheWay(t *testing.T) {
	const delay, period = 100 * time.Millisecond, 10 * time.Millisecond
	j := stream.NewJitter(delay, 1000)
	seq, now := uint64(0), time.Duration(0)
	for _, leg := range []struct {
		took, lasts time.Duration
		want        time.Duration // between a message's time and its playing, at the end
	}{
		{20 * time.Millisecond, 10 * time.Second, 120 * time.Millisecond},
		{50 * time.Millisecond, 15 * time.Second, 120 * time.Millisecond}, // not yet
		{50 * time.Millisecond, 70 * time.Second, 150 * time.Millisecond},
		{5 * time.Millisecond, time.Second, 105 * time.Millisecond},
	} {
		var last time.Duration
		for until := now + leg.lasts; now < until; now += period {
			j.Put(now, seq, now-leg.took, nil)
			seq++
			for {
				due, waits := j.Due()
				if !waits || due > now {
					break
				}
				_, at, _, lost, ok := j.Next(now)
				if !ok || lost > 0 {
					t.Fatalf("at %v: %d lost, %v", now, lost, ok)
				}
				last = due - at
			}
		}
		if last != leg.want {
			t.Errorf("with %v on the way, messages are played %v after their time, want %v", leg.took, last, leg.want)
		}
	}
}

// Numbers out of all reach are damage, and change nothing.
func TestJitterOutOfReach(t *testing.T) {
	j := stream.NewJitter(0, 10)
	j.Put(0, 5, 0, nil)
	if a := j.Put(0, 1<<40, 0, nil); a != stream.Damaged {
		t.Errorf("before the first is played: %v", a)
	}
	j.Next(0)
	if a := j.Put(0, 1<<40, 0, nil); a != stream.Damaged || j.Counts().Damaged != 2 || j.Waiting() != 0 {
		t.Errorf("afterwards: %v, %+v", a, j.Counts())
	}
	j.Put(0, 6, 0, nil)
	if _, _, _, lost, ok := j.Next(0); !ok || lost != 0 {
		t.Errorf("%d lost, %v", lost, ok)
	}
	j.End(9)
	if c := j.Counts(); c.Lost != 2 || c.Gaps != 1 {
		t.Errorf("at the end %+v", c)
	}
}
