package gfbench

import (
	"errors"

	"github.com/ioverlay/ioverlay/bench/gfbench/climit"
)

// What ours are held against beside the library.
const (
	PeerC       = "c"       // intrinsics in C, the fastest of several ways
	PeerISAL    = "isal"    // Intel's ISA-L
	PeerProduct = "product" // of a decoder: the matrix product that it ends in, alone
)

// Peers are those that a plan can ask for. The product is always measured.
func Peers() []string { return []string{PeerC, PeerISAL} }

// ErrNoC means that a plan asks for what is not in the program.
var ErrNoC = errors.New("this build has no C in it, or the processor no GFNI with AVX-512; " +
	"build with \"go build -tags isal ./cmd/ioverlay\", a C compiler and ISA-L (Debian: libisal-dev)")

// leastISAL is how many bytes ISA-L must be given to add a multiple: fewer it refuses.
const leastISAL = 64

// sums is a task of plain sums, as C is given it.
type sums struct {
	dsts, srcs, rows [][]byte
	coefs            []byte // of a multiple that is added, instead of rows
}

// peers returns the contestants beside the library that a task has, of those asked for.
func (t *task) peers(against []string) (all []*contestant) {
	if t.product != nil {
		all = append(all, &contestant{name: PeerProduct, run: repeated(t.product)})
	}
	if t.sums == nil || len(against) == 0 {
		return all
	}
	work := t.sums.work()
	rewind := t.reset
	t.reset = func() {
		if rewind != nil {
			rewind()
		}
		work.Rewind()
	}
	for _, name := range against {
		run := work.Limit
		if name == PeerISAL {
			if t.sums.coefs != nil && t.bytes < leastISAL {
				continue
			}
			run = work.ISAL
		}
		all = append(all, &contestant{name: name, run: run})
	}
	return all
}

func (s *sums) work() *climit.Work {
	if s.coefs != nil {
		return climit.NewMulAdd(s.dsts[0], s.srcs[0], s.coefs)
	}
	return climit.New(s.dsts, s.srcs, s.rows)
}
