package codes

import (
	"fmt"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/gf"
)

// linear is a code whose packets are random sums, each with a seed that says which.
type linear struct {
	name       string
	k          int
	systematic bool
	code       coding.Code
	decoder    func(c *linear, size int) Decoder
}

func newDense(name string, k int, systematic bool) *linear {
	return &linear{name: name, k: k, systematic: systematic, decoder: newSolver}
}

func newSparse(name string, k, weight int) *linear {
	return &linear{name: name, k: k, code: coding.Code{Scheme: coding.Sparse, Weight: weight}, decoder: newSolver}
}

func newPerpetual(name string, k, weight int) *linear {
	return &linear{name: name, k: k, code: coding.Code{Scheme: coding.Band, Weight: weight}, decoder: newBand}
}

func (c *linear) Name() string     { return c.name }
func (c *linear) K() int           { return c.k }
func (c *linear) Systematic() bool { return c.systematic }
func (c *linear) HeaderLen() int   { return headerLen }

// RecodedLen is a whole vector: sums of sparse packets are not sparse.
func (c *linear) RecodedLen() int { return c.k }

// NewEncoder implements Code.
func (c *linear) NewEncoder(packets [][]byte, seed uint32) (Encoder, error) {
	size, err := checkBlock(packets, c.k)
	if err != nil {
		return nil, err
	}
	e := &linearEncoder{c: c, size: size, packets: packets, seed: seed &^ asItIs, row: make([]byte, c.k)}
	return e, nil
}

// NewDecoder implements Code.
func (c *linear) NewDecoder(size int) (Decoder, error) {
	if size < 1 {
		return nil, fmt.Errorf("codes: packets of %d bytes", size)
	}
	return c.decoder(c, size), nil
}

// coefficients writes what a packet's header stands for.
func (c *linear) coefficients(row []byte, number uint32) error {
	switch {
	case number&asItIs == 0:
		c.code.Coefficients(row, number)
	case !c.systematic || int(number&^asItIs) >= c.k:
		return fmt.Errorf("%w: packet %d of the block as it is", ErrMalformed, number&^asItIs)
	default:
		clear(row)
		row[number&^asItIs] = 1
	}
	return nil
}

type linearEncoder struct {
	c       *linear
	size    int
	packets [][]byte
	seed    uint32
	sent    int
	row     []byte
	sources [][]byte // scratch: those with a coefficient
	coefs   []byte   // theirs
}

// Encode implements Encoder.
func (e *linearEncoder) Encode(dst []byte) error {
	if len(dst) != headerLen+e.size {
		return fmt.Errorf("codes: room for %d bytes, want %d", len(dst), headerLen+e.size)
	}
	if e.c.systematic && e.sent < e.c.k {
		putHeader(dst, asItIs|uint32(e.sent))
		copy(dst[headerLen:], e.packets[e.sent])
		e.sent++
		return nil
	}
	putHeader(dst, e.seed)
	e.c.code.Coefficients(e.row, e.seed)
	e.seed = (e.seed + 1) &^ asItIs
	e.sent++
	e.sources, e.coefs = gather(e.sources[:0], e.coefs[:0], e.packets, e.row)
	gf.Dot(dst[headerLen:], e.sources, e.coefs)
	return nil
}

// gather collects the packets that have a coefficient, and those: sums over few of many touch no others.
func gather(sources [][]byte, coefs []byte, packets [][]byte, row []byte) ([][]byte, []byte) {
	for i, c := range row {
		if c != 0 {
			sources, coefs = append(sources, packets[i]), append(coefs, c)
		}
	}
	return sources, coefs
}
