package services_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/sflow"
	"github.com/ioverlay/ioverlay/algos/sflow/services"
)

type message struct {
	seq     uint64
	payload []byte
}

// through sends a message through stages, one after another.
func through(t interface{ Fatalf(string, ...any) }, in message, stages ...sflow.Stage) (out []message) {
	out = []message{in}
	for _, s := range stages {
		var next []message
		for _, m := range out {
			if err := s.Process(0, m.seq, m.payload, func(seq uint64, p []byte) { next = append(next, message{seq, slices.Clone(p)}) }); err != nil {
				t.Fatalf("%v", err)
			}
		}
		out = next
	}
	return out
}

// What was compressed and encrypted is the same again when both are undone, message by message and whatever came before.
func TestThereAndBack(t *testing.T) {
	key := []byte(strings.Repeat("k", 32))
	encrypt, err := services.Encrypt(key, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	decrypt, err := services.Decrypt(key)
	if err != nil {
		t.Fatal(err)
	}
	there := []sflow.Stage{services.Compress(1), encrypt(1)}
	back := []sflow.Stage{decrypt(1), services.Decompress(1 << 16)(1)}
	rapid.Check(t, func(t *rapid.T) {
		in := message{rapid.Uint64().Draw(t, "seq"), rapid.SliceOfN(rapid.ByteRange(0, 3), 0, 3000).Draw(t, "payload")}
		hidden := through(t, in, there...)
		if got := through(t, hidden[0], back...); len(got) != 1 || got[0].seq != in.seq || !bytes.Equal(got[0].payload, in.payload) {
			t.Fatalf("%v became %v", in, got)
		}
		damaged := hidden[0]
		damaged.payload = slices.Clone(damaged.payload)
		damaged.payload[rapid.IntRange(0, len(damaged.payload)-1).Draw(t, "damage")] ^= 1
		for _, m := range []message{damaged, {hidden[0].seq + 1, hidden[0].payload}, {0, nil}} {
			if err := back[0].Process(0, m.seq, m.payload, func(uint64, []byte) { t.Fatalf("false bytes were let through") }); err == nil {
				t.Fatalf("no error for false bytes")
			}
		}
	})
	if _, err := services.Encrypt([]byte("short"), nil); err == nil {
		t.Error("a key of 5 bytes was taken")
	}
}

// A short payload cannot have more decompressed than is allowed.
func TestBombs(t *testing.T) {
	bomb := through(t, message{payload: make([]byte, 1<<20)}, services.Compress(1))[0].payload
	for _, p := range [][]byte{bomb, bomb[:len(bomb)/2], {0xff, 0xff, 0xff, 0xff, 0x0f}, nil} {
		if err := services.Decompress(1<<16)(1).Process(0, 0, p, func(uint64, []byte) { t.Error("it was let through") }); err == nil {
			t.Errorf("%d bytes: no error", len(p))
		}
	}
}

// What comes out of a merge is what a table of all messages says, in the order of the numbers.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inputs, window := rapid.IntRange(1, 4).Draw(t, "inputs"), rapid.IntRange(1, 8).Draw(t, "window")
		s := services.Merge(window)(inputs)
		sent := make(map[uint64][][]byte)
		var got []message
		emit := func(seq uint64, p []byte) { got = append(got, message{seq, slices.Clone(p)}) }
		next := make([]uint64, inputs)
		for range rapid.IntRange(0, 60).Draw(t, "messages") {
			i := rapid.IntRange(0, inputs-1).Draw(t, "input")
			seq := next[i] + rapid.Uint64Range(0, 2).Draw(t, "skip")
			next[i] = seq + 1
			p := []byte{byte(i), byte(seq)}
			if err := s.Process(i, seq, p, emit); err == nil {
				if sent[seq] == nil {
					sent[seq] = make([][]byte, inputs)
				}
				sent[seq][i] = p
			} else if !strings.Contains(err.Error(), "late") {
				t.Fatalf("%v", err)
			}
		}
		s.End(emit)
		if len(got) != len(sent) || !slices.IsSortedFunc(got, func(a, b message) int { return int(a.seq) - int(b.seq) }) {
			t.Fatalf("%d numbers became %d messages: %v", len(sent), len(got), got)
		}
		for _, m := range got {
			parts, err := services.Parts(m.payload)
			if err != nil || len(parts) != inputs {
				t.Fatalf("%d parts of %d: %v", len(parts), inputs, err)
			}
			for i, p := range parts {
				if !bytes.Equal(p, sent[m.seq][i]) {
					t.Fatalf("number %d has %v from input %d; sent was %v", m.seq, p, i, sent[m.seq][i])
				}
			}
		}
	})
	s := services.Merge(4)(2)
	nobody := func(uint64, []byte) {}
	if err := s.Process(0, 1, nil, nobody); err != nil {
		t.Fatal(err)
	}
	if err := s.Process(0, 1, nil, nobody); err == nil {
		t.Error("one number twice from one input is no error")
	}
}

func TestShrink(t *testing.T) {
	in := append([]byte("P5\n5 3\n255\n"), 0, 10, 20, 30, 9, 10, 20, 30, 41, 9, 7, 7, 7, 7, 7)
	want := append([]byte("P5\n2 1\n255\n"), 10, 30)
	if got := through(t, message{1, in}, services.Shrink(2)(1)); len(got) != 1 || !bytes.Equal(got[0].payload, want) {
		t.Errorf("%q became %v; want %q", in, got, want)
	}
	for _, bad := range []string{"", "P6\n1 1\n255\nxxx", "P5\n2 2\n255\nxxx", "P5\n-1 2\n255\nxxx", "P5\n1 1\n255\nx", "P5\n9 9\n65535\nx"} {
		if err := services.Shrink(2)(1).Process(0, 0, []byte(bad), func(uint64, []byte) { t.Error("it was let through") }); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestFilter(t *testing.T) {
	odd := services.Filter(func(seq uint64, _ []byte) bool { return seq%2 == 1 })(1)
	if got := through(t, message{1, []byte("a")}, odd); len(got) != 1 || string(got[0].payload) != "a" {
		t.Errorf("an odd one became %v", got)
	}
	if got := through(t, message{2, nil}, odd); len(got) != 0 {
		t.Errorf("an even one became %v", got)
	}
}

func FuzzServices(f *testing.F) {
	f.Add([]byte("P5\n2 2\n255\nxxxx"))
	f.Add([]byte{4, 12, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		key := make([]byte, 16)
		decrypt, err := services.Decrypt(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []sflow.Service{services.Shrink(2), services.Decompress(1 << 16), decrypt, services.Merge(2)} {
			_ = s(1).Process(0, 1, b, func(_ uint64, p []byte) {
				if len(p) > 1<<16+len(b) {
					t.Errorf("%d bytes became %d", len(b), len(p))
				}
			})
		}
		_, _ = services.Parts(b)
	})
}
