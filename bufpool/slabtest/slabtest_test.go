package slabtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

// fakeT is a test that may fail.
type fakeT struct {
	failures []string
	cleanups []func()
}

func (t *fakeT) Helper() {}
func (t *fakeT) Errorf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}
func (t *fakeT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// end does what the testing package does when a test is over.
func (t *fakeT) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

// fakeM is a test binary with a given exit code.
type fakeM int

func (m fakeM) Run() int { return int(m) }

func mustGet(t *testing.T, p *bufpool.Pool) *bufpool.Slab {
	t.Helper()
	s, err := p.Get()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewFailsATestThatLeaks(t *testing.T) {
	var ft fakeT
	p := New(&ft, bufpool.Options{})
	s := mustGet(t, p)
	ft.end()
	if len(ft.failures) != 1 || !strings.Contains(ft.failures[0], "slabs never released: 1\n") {
		t.Errorf("failures: %q", ft.failures)
	}
	s.Release()
}

func TestNewPassesATestThatReleasesLate(t *testing.T) {
	var ft fakeT
	p := New(&ft, bufpool.Options{})
	s := mustGet(t, p)
	ft.Cleanup(s.Release) // registered after New, so done before the check
	ft.end()
	if len(ft.failures) != 0 {
		t.Errorf("failures: %q", ft.failures)
	}
	if len(watched.pools) != 0 && watched.pools[len(watched.pools)-1] == p {
		t.Error("a pool found clean is still watched")
	}
}

func TestMainRun(t *testing.T) {
	p := Shared(bufpool.Options{})
	for _, c := range []struct {
		name       string
		code, want int
		leak       bool
	}{
		{"clean", 0, 0, false},
		{"clean but failed", 2, 2, false},
		{"leak", 0, 1, true},
		{"leak and failed", 2, 2, true},
	} {
		var s *bufpool.Slab
		if c.leak {
			s = mustGet(t, p)
		}
		var log strings.Builder
		if got := (Main{M: fakeM(c.code), Log: &log}).Run(); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
		if said := strings.Contains(log.String(), "slabtest: slabs never released: 1"); said != c.leak {
			t.Errorf("%s: log %q", c.name, log.String())
		}
		if s != nil {
			s.Release()
		}
	}
	watched.remove(p)
}
