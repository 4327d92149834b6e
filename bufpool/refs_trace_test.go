//go:build race || slabdebug

package bufpool

import (
	"strings"
	"testing"
)

//go:noinline
func leakyHolder(s *Slab) { s.Retain() }

//go:noinline
func firstReleaser(s *Slab) { s.Release() }

//go:noinline
func secondReleaser(s *Slab) { s.Release() }

// wantIn reports each part that text lacks.
func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func TestLeaksTellWhoHolds(t *testing.T) {
	p := New(Options{})
	a, b := mustGet(t, p, 1), mustGet(t, p, 600)
	for range 3 {
		leakyHolder(b)
	}
	firstReleaser(b)
	leaks := p.Leaks()
	if len(leaks) != 2 {
		t.Fatalf("%d leaks, want 2: %q", len(leaks), leaks)
	}
	wantIn(t, leaks[0], "a slab of 512 bytes, references: 1\n", "Get, 1 times, at", "bufpool.mustGet")
	wantIn(t, leaks[1], "a slab of 1024 bytes, references: 3\n", "Retain, 3 times, at\n", "bufpool.leakyHolder",
		"Release, 1 times, at\n", "bufpool.firstReleaser", "Release, references then 3, at ")
	if strings.Contains(leaks[1], "(*Slab)") {
		t.Errorf("the pool's own calls are in the report:\n%s", leaks[1])
	}
	for range 3 {
		b.Release()
	}
	a.Release()
	if got := p.Leaks(); got != nil {
		t.Errorf("leaks after all releases: %q", got)
	}
}

func TestDoubleReleaseTellsHistory(t *testing.T) {
	s := mustGet(t, New(Options{}), 1)
	firstReleaser(s)
	mustPanic(t, func() { secondReleaser(s) },
		"bufpool: Release of a slab of 512 bytes, which nobody holds", "bufpool.firstReleaser", "references then 0")
}

func TestUseAfterReleasePanics(t *testing.T) {
	s := mustGet(t, New(Options{}), 1)
	firstReleaser(s)
	mustPanic(t, func() { s.Bytes() }, "bufpool: Bytes of", "nobody holds", "bufpool.firstReleaser")
	mustPanic(t, func() { s.Unique() }, "bufpool: Unique of", "nobody holds", "bufpool.firstReleaser")
	mustPanic(t, func() { s.Retain() }, "bufpool: Retain of", "nobody holds", "bufpool.firstReleaser")
}

func TestWriteAfterReleasePanics(t *testing.T) {
	for _, at := range []int{0, 1, 4095, 4096, 5000, 8191} {
		p := New(Options{SlabSize: 8 << 10})
		s, err := p.Get()
		if err != nil {
			t.Fatal(err)
		}
		b := s.Bytes()
		firstReleaser(s)
		b[at] = 7
		mustPanic(t, func() { _, _ = p.Get() }, "was written (0x07) after its last reference was released",
			"of a slab of 8192 bytes", "bufpool.firstReleaser")
	}
}

func TestBytesArePoison(t *testing.T) {
	p := New(Options{})
	for _, when := range []string{"new", "reused"} {
		s := mustGet(t, p, p.SlabSize())
		if at := notPoison(s.Bytes()); at >= 0 {
			t.Errorf("byte %d of a %s slab is not poison", at, when)
		}
		clear(s.Bytes())
		b := s.Bytes()
		s.Release()
		if at := notPoison(b); at >= 0 {
			t.Errorf("byte %d of a released slab is not poison", at)
		}
	}
}

// However much happens to a slab, its history stays small and the counts stay right.
func TestHistoryIsBounded(t *testing.T) {
	s := mustGet(t, New(Options{}), 1)
	for range 1000 {
		leakyHolder(s)
		firstReleaser(s)
	}
	wantIn(t, s.describe(), "Retain, 1000 times, at", "Release, 1000 times, at", "1969 earlier events")
	if n := testing.AllocsPerRun(100, func() { leakyHolder(s); firstReleaser(s) }); n != 0 {
		t.Errorf("tracing allocates %v times a round, want 0", n)
	}
	h := &s.refs.h
	known := h.nsites
	for i := range historySites {
		h.tally(evRetain, &stack{uintptr(i + 1)})
	}
	if h.nsites != historySites || h.others != known {
		t.Errorf("%d call sites, %d others; want %d and %d", h.nsites, h.others, historySites, known)
	}
	wantIn(t, s.describe(), "more from further places")
	s.Release()
}

// The latest events come in the order in which they happened.
func TestHistoryIsInOrder(t *testing.T) {
	s := mustGet(t, New(Options{}), 1)
	leakyHolder(s)
	leakyHolder(s)
	firstReleaser(s)
	_, order, ok := strings.Cut(s.describe(), "in order:\n")
	lines := strings.Split(order, "\n")
	want := []string{"Get, references then 1,", "Retain, references then 2,", "Retain, references then 3,",
		"Release, references then 2,"}
	if !ok || len(lines) != len(want) {
		t.Fatalf("%d events in order, want %d:\n%s", len(lines), len(want), order)
	}
	for i := range want {
		wantIn(t, lines[i], want[i])
	}
	s.Release()
	s.Release()
}

// A slab taken again starts a new history.
func TestHistoryRestarts(t *testing.T) {
	p := New(Options{})
	s := mustGet(t, p, 1)
	firstReleaser(s)
	s = mustGet(t, p, 1)
	if text := s.describe(); strings.Contains(text, "firstReleaser") {
		t.Errorf("the last life is in the report:\n%s", text)
	}
	secondReleaser(s)
}
