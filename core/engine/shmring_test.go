package engine

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// pairOf is both ends of a ring of so many bytes, in ordinary memory.
func pairOf(size int) (*ringWriter, *ringReader) {
	words, mem := new(ringWords), make([]byte, size)
	return &ringWriter{words: words, bytes: mem}, &ringReader{words: words, bytes: mem}
}

// The layout is the document's (docs/wire.md, section 12).
func TestRingLayout(t *testing.T) {
	var w ringWords
	got := [5]uintptr{unsafe.Offsetof(w.tail), unsafe.Offsetof(w.origin), unsafe.Offsetof(w.head), unsafe.Offsetof(w.asleep), unsafe.Offsetof(w.full)}
	if want := [5]uintptr{0, 8, 64, 128, 192}; got != want {
		t.Errorf("offsets %v, want %v", got, want)
	}
	if n := unsafe.Sizeof(w); n > ringHeader {
		t.Errorf("the words take %d bytes of %d", n, ringHeader)
	}
}

// What is written is read, in order and once, however it is cut, and neither end sleeps
// while the other waits for it.
func TestRingCarriesAStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 64).Draw(t, "size")
		w, r := pairOf(size)
		var sent, got []byte
		full, asleep := false, false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "write") {
				ps := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, size+3), 0, 3).Draw(t, "pieces")
				n, err := w.write(ps)
				all := bytes.Join(ps, nil)
				if want := min(len(all), size-(len(sent)-len(got))); err != nil || n != want {
					t.Fatalf("wrote %d of %d, %v; want %d", n, len(all), err, want)
				}
				sent = append(sent, all[:n]...)
				if woke := w.wakes(); woke != asleep {
					t.Fatalf("wakes the reader: %v; it sleeps: %v", woke, asleep)
				}
				asleep = false
				if n < len(all) {
					if full, err = w.awaitRoom(); err != nil || full != (len(sent)-len(got) > size/2) {
						t.Fatalf("waits for room: %v, %v, with %d of %d bytes under way", full, err, len(sent)-len(got), size)
					}
				}
				continue
			}
			p := make([]byte, rapid.IntRange(1, size+3).Draw(t, "room"))
			n, err := r.read(p)
			if want := min(len(p), len(sent)-len(got)); err != nil || n != want {
				t.Fatalf("read %d, %v; want %d", n, err, want)
			}
			got = append(got, p[:n]...)
			if woke := r.wakes(); woke != (full && len(sent)-len(got) <= size/2) {
				t.Fatalf("wakes the writer: %v; it waits: %v, with %d of %d bytes under way", woke, full, len(sent)-len(got), size)
			} else if woke {
				full = false
			}
			if n == 0 {
				if asleep, err = r.sleep(); err != nil || !asleep {
					t.Fatalf("sleeps: %v, %v, and there is nothing", asleep, err)
				}
			}
		}
		if !bytes.Equal(got, sent[:len(got)]) {
			t.Fatalf("sent %x, got %x", sent, got)
		}
	})
}

// A lane that is read as fast as it is written stays at the start of its ring: the rest
// of the memory is never touched.
func TestRingThatRunsDryStaysSmall(t *testing.T) {
	w, r := pairOf(1000)
	p := make([]byte, 10)
	for range 1000 {
		if _, err := w.write([][]byte{bytes.Repeat([]byte{0xff}, 10)}); err != nil {
			t.Fatal(err)
		}
		if n, err := r.read(p); n != 10 || err != nil {
			t.Fatal(n, err)
		}
	}
	if at := bytes.LastIndexByte(w.bytes, 0xff); at != 9 {
		t.Errorf("the last byte touched is %d, want 9", at)
	}
}

// What a peer writes into the words ends the lane, if it cannot be, and never leads out
// of the ring.
func TestRingOfAHostilePeer(t *testing.T) {
	const size = 64
	begin := func() (*ringWriter, *ringReader) {
		w, r := pairOf(size)
		if _, err := w.write([][]byte{make([]byte, 40)}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.read(make([]byte, 30)); err != nil {
			t.Fatal(err)
		}
		if err := w.look(); err != nil {
			t.Fatal(err)
		}
		return w, r
	}
	for name, tail := range map[string]int64{
		"beyond the ring": 30 + size + 1, "backward": 35, "behind the head": 29, "negative": -1, "largest": math.MaxInt64, "smallest": math.MinInt64,
	} {
		_, r := begin()
		r.words.tail.Store(tail)
		p := make([]byte, size)
		if n, err := r.read(p); n != 0 || !errors.Is(err, errRing) {
			t.Errorf("tail %s: read %d, %v", name, n, err)
		}
		if slept, err := r.sleep(); slept || !errors.Is(err, errRing) {
			t.Errorf("tail %s: slept %v, %v", name, slept, err)
		}
		if err := r.discard(); !errors.Is(err, errRing) {
			t.Errorf("tail %s: discard: %v", name, err)
		}
		if r.head != 30 {
			t.Errorf("tail %s: the head moved to %d", name, r.head)
		}
	}
	for name, head := range map[string]int64{
		"beyond what was written": 41, "backward": 29, "negative": -1, "largest": math.MaxInt64, "smallest": math.MinInt64,
	} {
		w, _ := begin()
		w.words.head.Store(head)
		if n, err := w.write([][]byte{make([]byte, 100)}); n != 0 || !errors.Is(err, errRing) {
			t.Errorf("head %s: wrote %d, %v", name, n, err)
		}
		if waits, err := w.awaitRoom(); waits || !errors.Is(err, errRing) {
			t.Errorf("head %s: waits %v, %v", name, waits, err)
		}
		if w.tail != 40 || w.head != 30 {
			t.Errorf("head %s: at %d and %d", name, w.tail, w.head)
		}
	}
}

// Whatever is in the words and in the calls: no panic, no byte outside, no position that
// goes back.
func FuzzRingWords(f *testing.F) {
	f.Add(int64(0), int64(0), int64(0), uint64(1), uint16(64))
	f.Add(int64(math.MaxInt64), int64(-5), int64(math.MinInt64), uint64(2), uint16(1))
	f.Add(int64(70), int64(30), int64(1<<40), uint64(3), uint16(63))
	f.Fuzz(func(t *testing.T, tail, head, origin int64, seed uint64, size uint16) {
		if size == 0 {
			return
		}
		const guard = 0xa5
		mem := bytes.Repeat([]byte{guard}, int(size)+32)
		words := new(ringWords)
		ring := mem[16 : 16+int(size) : 16+int(size)]
		w, r := &ringWriter{words: words, bytes: ring}, &ringReader{words: words, bytes: ring}
		rng := rand.New(rand.NewPCG(seed, 0))
		buf := make([]byte, int(size)+1)
		for range 50 {
			switch rng.IntN(4) { // sometimes only a little off
			case 0:
				words.tail.Store(tail + rng.Int64N(3))
			case 1:
				words.head.Store(head + rng.Int64N(3))
			case 2:
				words.origin.Store(origin)
			}
			wt, wh, rt, rh := w.tail, w.head, r.tail, r.head
			if n, err := w.write([][]byte{buf[:rng.IntN(len(buf)+1)]}); n > int(size) || n > 0 && err != nil {
				t.Fatal("wrote", n, err)
			}
			if n, err := r.read(buf[:rng.IntN(len(buf)+1)]); n > int(size) || n > 0 && err != nil {
				t.Fatal("read", n, err)
			}
			_, _ = w.awaitRoom()
			_, _ = r.sleep()
			w.wakes()
			r.wakes()
			if w.tail < wt || w.head < wh || w.tail-w.head > uint64(size) || r.tail < rt || r.head < rh || r.tail-r.head > uint64(size) {
				t.Fatalf("from %d %d %d %d to %d %d %d %d", wt, wh, rt, rh, w.tail, w.head, r.tail, r.head)
			}
		}
		if !bytes.Equal(mem[:16], bytes.Repeat([]byte{guard}, 16)) || !bytes.Equal(mem[16+int(size):], bytes.Repeat([]byte{guard}, 16)) {
			t.Fatal("bytes outside of the ring were changed")
		}
	})
}

// An offer is what it should be, or refused.
func FuzzParseOffer(f *testing.F) {
	f.Add(appendOffer(nil, 1<<20))
	f.Add(appendOffer(nil, leastRing-1))
	f.Add(appendOffer(nil, mostRing+1))
	f.Add([]byte("iOsm"))
	f.Fuzz(func(t *testing.T, b []byte) {
		size, err := parseOffer(b)
		if err == nil && (size < leastRing || size > mostRing || !bytes.Equal(appendOffer(nil, size), b)) {
			t.Fatalf("%x is an offer of %d bytes", b, size)
		}
	})
}
