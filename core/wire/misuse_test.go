package wire

import (
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

func TestFramerRefusesMisuse(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage := NewStage(pool)
	filled := func(f *Framer, b []byte) Chunk {
		space, err := f.Space(stage, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return f.Filled(stage, copy(space, b))
	}
	frame := uniform(1, 100)
	var other Framer
	for name, misuse := range map[string]func(f *Framer){
		"space for nothing":        func(f *Framer) { _, _ = f.Space(stage, 0) },
		"maximum over the limit":   func(f *Framer) { f.MaxPayload = MaxPayloadLimit + 1; _, _ = f.Space(stage, 1) },
		"negative maximum":         func(f *Framer) { f.MaxPayload = -1; _, _ = f.Space(stage, 1) },
		"filled without space":     func(f *Framer) { f.Filled(stage, 1) },
		"filled twice":             func(f *Framer) { filled(f, frame[:50]); f.Filled(stage, 0) },
		"filled after another":     func(f *Framer) { _, _ = f.Space(stage, 9); _, _ = other.Space(stage, 9); f.Filled(stage, 9) },
		"filled after stage close": func(f *Framer) { _, _ = f.Space(stage, 9); stage.Close(); f.Filled(stage, 9) },
		"filled with too much":     func(f *Framer) { _, _ = f.Space(stage, 9); f.Filled(stage, 10) },
		"filled with less than 0":  func(f *Framer) { _, _ = f.Space(stage, 9); f.Filled(stage, -1) },
		"filled after close":       func(f *Framer) { _, _ = f.Space(stage, 9); f.Close(); f.Filled(stage, 9) },
		"space before keep":        func(f *Framer) { filled(f, frame[:50]); _, _ = f.Space(stage, 1) },
		"keep without filled":      func(f *Framer) { f.Keep(Chunk{}) },
		"keep twice":               func(f *Framer) { c := filled(f, frame[:50]); f.Keep(c); f.Keep(c) },
		"keep of nothing":          func(f *Framer) { filled(f, frame[:50]); f.Keep(Chunk{}) },
		"keep of a whole frame":    func(f *Framer) { f.Keep(filled(f, frame)) },
		"keep of the beginning":    func(f *Framer) { c := filled(f, frame[:50]); c.Len--; f.Keep(c) },
		"keep from before":         func(f *Framer) { c := filled(f, frame[:50]); c.Off--; c.Len++; f.Keep(c) },
		"keep beyond the end":      func(f *Framer) { c := filled(f, frame[:50]); c.Off += 51; c.Len -= 51; f.Keep(c) },
		"keep of half a frame": func(f *Framer) {
			big := uniform(1, 50000)
			feed(t, f, stage, big[:20000], 20000)
			c := filled(f, big[20000:])
			c.Off, c.Len = c.Off+100, c.Len-100
			f.Keep(c)
		},
	} {
		mustPanic(t, name, func() { misuse(new(Framer)) })
	}
}

// A read that found nothing needs no call: the next Space may be another connection's, or the same one's.
func TestSpaceMayBeForgotten(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage := NewStage(pool)
	var a, b Framer
	frame := uniform(1, 100)
	feed(t, &a, stage, frame[:60], 60)
	for range 3 {
		if _, err := a.Space(stage, 1000); err != nil {
			t.Fatal(err)
		}
		if n := feed(t, &b, stage, frame, 1000); n != 1 {
			t.Fatalf("%d frames", n)
		}
	}
	if n := feed(t, &a, stage, frame[60:], 1000); n != 1 {
		t.Errorf("%d frames", n)
	}
	stage.Close()
	if pool.Held() != 0 {
		t.Errorf("%d slabs held", pool.Held())
	}
}

// The hint may come from a header that nobody has looked at yet.
func TestNoteFrameTakesAnything(t *testing.T) {
	const most = HeaderSize + MaxPayloadLimit
	for in, want := range map[int]uint32{-1: 0, 0: 0, 23: 0, 24: 24, 5144: 5144, most: most, most + 1: 0} {
		f := Framer{last: 100}
		if f.NoteFrame(in); f.last != want {
			t.Errorf("NoteFrame(%d) = %d, want %d", in, f.last, want)
		}
	}
}
