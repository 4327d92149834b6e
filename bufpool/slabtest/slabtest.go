// Package slabtest finds slabs that tests forgot to release.
//
// In a test, make pools with New: the test fails if it ends with a slab still held. To check again when all tests of a
// package are over, and to cover pools that belong to no test, use Main:
//
//	func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }
//
// or, together with a check for goroutines, since both take anything with a Run method:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }
package slabtest

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/ioverlay/ioverlay/bufpool"
)

// TB is the part of testing.TB that Check needs; *rapid.T has it too.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Check fails t if anybody holds a slab of p, and says who as far as the build knows (see bufpool.Tracing).
func Check(t TB, p *bufpool.Pool) {
	t.Helper()
	if p.Held() != 0 {
		t.Errorf("%s", report(p))
	}
}

func report(p *bufpool.Pool) string {
	leaks := p.Leaks()
	return fmt.Sprintf("slabs never released: %d\n%s", p.Held(), strings.Join(leaks, "\n"))
}

// New makes a pool that is checked when t ends, after the clean-ups that t registers later, and again by Main.
func New(t interface {
	TB
	Cleanup(func())
}, o bufpool.Options) *bufpool.Pool {
	t.Helper()
	p := Shared(o)
	t.Cleanup(func() {
		t.Helper()
		Check(t, p)
		if p.Held() == 0 {
			watched.remove(p) // so that its idle blocks do not stay in memory for as long as the tests run
		}
	})
	return p
}

// Shared makes a pool that belongs to no single test; Main alone checks it.
func Shared(o bufpool.Options) *bufpool.Pool {
	p := bufpool.New(o)
	watched.add(p)
	return p
}

// watched are the pools that Main is to check. It is shared by the whole test binary, because TestMain is.
var watched registry

type registry struct {
	mu    sync.Mutex
	pools []*bufpool.Pool
}

func (r *registry) add(p *bufpool.Pool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pools = append(r.pools, p)
}

func (r *registry) remove(p *bufpool.Pool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pools = slices.DeleteFunc(r.pools, func(q *bufpool.Pool) bool { return q == p })
}

// reports are one text for each pool with a slab still held.
func (r *registry) reports() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, p := range r.pools {
		if p.Held() != 0 {
			out = append(out, report(p))
		}
	}
	return out
}

// Main runs a package's tests and then checks the pools made by New and Shared.
type Main struct {
	M   interface{ Run() int } // *testing.M
	Log io.Writer              // for what Run finds; nil means standard error
}

// Run is the exit code of M, or 1 if that is 0 and a slab is still held.
func (m Main) Run() int {
	code := m.M.Run()
	log := m.Log
	if log == nil {
		log = os.Stderr
	}
	for _, text := range watched.reports() {
		_, _ = fmt.Fprintf(log, "slabtest: %s\n", text)
		if code == 0 {
			code = 1
		}
	}
	return code
}
