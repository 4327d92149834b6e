package traffic

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps"
)

const testPayload = 64

// frameOf returns a whole, undamaged message of the throughput pass.
func frameOf(seq uint64, payloadBytes int) []byte {
	frame := make([]byte, HeaderBytes+payloadBytes)
	PutHeader(frame, payloadBytes, seq)
	payload := frame[HeaderBytes:]
	apps.Stamp(payload, Fill(payload), seq, 0)
	return frame
}

func observe(c *Checker, frame []byte) { c.Observe(Seq(frame), frame[HeaderBytes:]) }

func TestHeaderRoundTrip(t *testing.T) {
	frame := frameOf(7, 100)
	if Size(frame) != 100 || Seq(frame) != 7 {
		t.Fatalf("size %d, seq %d; want 100, 7", Size(frame), Seq(frame))
	}
	PutSeq(frame, 1<<40)
	if Size(frame) != 100 || Seq(frame) != 1<<40 {
		t.Fatalf("after PutSeq: size %d, seq %d; want 100, %d", Size(frame), Seq(frame), uint64(1)<<40)
	}
}

func TestCheckerOrder(t *testing.T) {
	tests := []struct {
		name string
		seqs []uint64
		sent uint64
		want Counts
	}{
		{"none", nil, 0, Counts{}},
		{"in order", []uint64{0, 1, 2}, 3, Counts{Messages: 3}},
		{"none of three arrived", nil, 3, Counts{Lost: 3}},
		{"one missing", []uint64{0, 2}, 3, Counts{Messages: 2, Lost: 1}},
		{"the last missing", []uint64{0, 1}, 3, Counts{Messages: 2, Lost: 1}},
		{"two exchanged", []uint64{1, 0, 2}, 3, Counts{Messages: 3, OutOfOrder: 1}},
		{"one repeated", []uint64{0, 0, 1}, 2, Counts{Messages: 3, OutOfOrder: 1}},
		{"a late one and a missing one", []uint64{3, 1, 2}, 4, Counts{Messages: 3, Lost: 1, OutOfOrder: 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := NewChecker(testPayload)
			for _, seq := range test.seqs {
				observe(c, frameOf(seq, testPayload))
			}
			c.Finish(test.sent)
			if got := c.Counts(); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestCheckerDamage(t *testing.T) {
	sampled, unsampled := uint64(0), uint64(1)
	tests := []struct {
		name   string
		seq    uint64
		damage func(payload []byte) []byte
		want   uint64
	}{
		{"none", sampled, func(p []byte) []byte { return p }, 0},
		{"time", sampled, func(p []byte) []byte { p[0]++; return p }, 1},
		{"check", sampled, func(p []byte) []byte { p[15]++; return p }, 1},
		{"body, sampled", sampled, func(p []byte) []byte { p[20]++; return p }, 1},
		{"last byte, sampled", sampled, func(p []byte) []byte { p[len(p)-1]++; return p }, 1},
		{"body, not sampled", unsampled, func(p []byte) []byte { p[20]++; return p }, 0},
		{"too short", unsampled, func(p []byte) []byte { return p[:len(p)-1] }, 1},
		{"empty", sampled, func(p []byte) []byte { return nil }, 1},
		{"another message's payload", sampled, func([]byte) []byte { return frameOf(5, testPayload)[HeaderBytes:] }, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := NewChecker(testPayload)
			for seq := range test.seq {
				observe(c, frameOf(seq, testPayload))
			}
			c.Observe(test.seq, test.damage(frameOf(test.seq, testPayload)[HeaderBytes:]))
			if got := c.Counts(); got.Corrupt != test.want || got.Messages != test.seq+1 {
				t.Errorf("got %+v, want %d messages, %d corrupt", got, test.seq+1, test.want)
			}
		})
	}
}

// A set of what has come is the plainest way to tell lost from late; sequences without repetition leave no doubt.
func TestCheckerAgainstSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.Uint64Range(0, 40).Draw(t, "sent")
		all := make([]uint64, sent)
		for i := range all {
			all[i] = uint64(i)
		}
		order := rapid.Permutation(all).Draw(t, "order")
		arrived := order[:rapid.IntRange(0, len(order)).Draw(t, "arrived")]

		c := NewChecker(testPayload)
		seen, highest, late := make(map[uint64]bool), int64(-1), uint64(0)
		for _, seq := range arrived {
			observe(c, frameOf(seq, testPayload))
			seen[seq] = true
			if int64(seq) < highest {
				late++
			}
			highest = max(highest, int64(seq))
		}
		c.Finish(sent)
		want := Counts{Messages: uint64(len(arrived)), Lost: sent - uint64(len(seen)), OutOfOrder: late}
		if got := c.Counts(); got != want {
			t.Fatalf("arrived %v of %d: got %+v, want %+v", arrived, sent, got, want)
		}
	})
}

func TestTimedCheckerLeavesWarmUpOut(t *testing.T) {
	c := NewTimedChecker(testPayload, 10*time.Millisecond)
	start := Now() - time.Second.Nanoseconds()
	for seq := range uint64(20) {
		payload := frameOf(seq, testPayload)[HeaderBytes:]
		apps.Stamp(payload, apps.BodyHash(payload), seq, start+int64(seq)*time.Millisecond.Nanoseconds())
		c.Observe(seq, payload)
	}
	c.Finish(20)
	if got := c.Latency().TotalCount(); got != 10 {
		t.Errorf("%d latencies recorded, want those of the last 10 messages", got)
	}
	if least := c.Latency().Min(); least < (900 * time.Millisecond).Nanoseconds() {
		t.Errorf("smallest latency %d ns; the last message was meant to leave 981 ms ago", least)
	}
	if got := c.Counts(); got != (Counts{Messages: 20}) {
		t.Errorf("got %+v, want 20 good messages", got)
	}
}

func TestTimedCheckerKeepsInRange(t *testing.T) {
	r := newRecorder(0)
	r.record(1000, 900)                            // from the future
	r.record(1000, 2*time.Hour.Nanoseconds())      // for longer than the histogram reaches
	r.record(1000, 1000+time.Minute.Nanoseconds()) // for just as long
	if r.histogram.TotalCount() != 3 || r.histogram.Min() > minLatencyNS {
		t.Errorf("recorded %d, smallest %d; want 3, %d", r.histogram.TotalCount(), r.histogram.Min(), minLatencyNS)
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	plain, timed := NewChecker(testPayload), NewTimedChecker(testPayload, 0)
	frame := frameOf(0, testPayload)
	payload := frame[HeaderBytes:]
	hash := apps.BodyHash(payload)
	var seq uint64
	if n := testing.AllocsPerRun(1000, func() {
		apps.Stamp(payload, hash, seq, 1)
		plain.Observe(seq, payload)
		timed.Observe(seq, payload)
		seq++
	}); n != 0 {
		t.Errorf("%v allocations a message, want 0", n)
	}
}

func TestNewCheckerRefusesTooSmall(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a payload without room for a stamp was accepted")
		}
	}()
	NewChecker(MinPayloadBytes - 1)
}

func BenchmarkObserve(b *testing.B) {
	for _, size := range []struct {
		name    string
		payload int
	}{{"payload=64", 64}, {"payload=5120", 5120}} {
		b.Run(size.name, func(b *testing.B) {
			c := NewChecker(size.payload)
			payload := frameOf(0, size.payload)[HeaderBytes:]
			hash := apps.BodyHash(payload)
			b.SetBytes(int64(size.payload))
			b.ReportAllocs()
			var seq uint64
			for b.Loop() {
				apps.Stamp(payload, hash, seq, 0)
				c.Observe(seq, payload)
				seq++
			}
		})
	}
}
