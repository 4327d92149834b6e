package codes

import (
	"fmt"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/gf"
)

// fulcrum codes twice: K packets are expanded to K + r by an outer code in GF(2^8) that both
// ends know, and what is sent are sums of those in GF(2), so that relays need exclusive or alone and a bit a packet for
// coefficients. This decoder undoes both at once: it writes a sum of K + r packets as one of
// K in GF(2^8), and needs K of them and hardly more. (One that knows only GF(2) would need K + r.)
type fulcrum struct {
	name      string
	k         int
	expansion [][]byte // rows of K coefficients, one for each packet of expansion
}

func newFulcrum(name string, k, r int) *fulcrum {
	f := &fulcrum{name: name, k: k}
	for i := range r {
		row := make([]byte, k)
		coding.Code{}.Coefficients(row, uint32(i))
		f.expansion = append(f.expansion, row)
	}
	return f
}

func (f *fulcrum) Name() string     { return f.name }
func (f *fulcrum) K() int           { return f.k }
func (f *fulcrum) Systematic() bool { return false }
func (f *fulcrum) HeaderLen() int   { return headerLen }
func (f *fulcrum) RecodedLen() int  { return (f.inner() + 7) / 8 }

// inner is how many packets the inner code has.
func (f *fulcrum) inner() int { return f.k + len(f.expansion) }

// bits draws a vector over GF(2): a byte for each coefficient, 0 or 1, and not all 0.
func (f *fulcrum) bits(row []byte, seed uint32) {
	drawn := make([]byte, (len(row)+7)/8)
	coding.Code{}.Coefficients(drawn, seed)
	some := byte(0)
	for i := range row {
		row[i] = drawn[i/8] >> (i % 8) & 1
		some |= row[i]
	}
	if some == 0 {
		row[int(seed)%len(row)] = 1
	}
}

// coefficients are what a packet is a sum of, in terms of the block's own packets.
func (f *fulcrum) coefficients(row []byte, seed uint32) error {
	if seed&asItIs != 0 {
		return fmt.Errorf("%w: its number is %d", ErrMalformed, seed)
	}
	bits := make([]byte, f.inner())
	f.bits(bits, seed)
	copy(row, bits[:f.k])
	for i, b := range bits[f.k:] {
		if b == 1 {
			gf.Add(row, f.expansion[i])
		}
	}
	return nil
}

// NewEncoder implements Code. It makes the packets of expansion.
func (f *fulcrum) NewEncoder(packets [][]byte, seed uint32) (Encoder, error) {
	size, err := checkBlock(packets, f.k)
	if err != nil {
		return nil, err
	}
	e := &fulcrumEncoder{f: f, size: size, seed: seed &^ asItIs, row: make([]byte, f.inner())}
	e.packets = append(e.packets, packets...)
	store := make([]byte, len(f.expansion)*size)
	for i := range f.expansion {
		e.packets = append(e.packets, store[i*size:(i+1)*size])
	}
	gf.MatMul(e.packets[f.k:], packets, f.expansion)
	return e, nil
}

// NewDecoder implements Code.
func (f *fulcrum) NewDecoder(size int) (Decoder, error) {
	if size < 1 {
		return nil, fmt.Errorf("codes: packets of %d bytes", size)
	}
	return solverOf(f.k, size, f.coefficients), nil
}

type fulcrumEncoder struct {
	f       *fulcrum
	size    int
	packets [][]byte // of the inner code
	seed    uint32
	row     []byte
	sources [][]byte // scratch: those that are in the sum
	ones    []byte
}

// Encode implements Encoder.
func (e *fulcrumEncoder) Encode(dst []byte) error {
	if len(dst) != headerLen+e.size {
		return fmt.Errorf("codes: room for %d bytes, want %d", len(dst), headerLen+e.size)
	}
	putHeader(dst, e.seed)
	e.f.bits(e.row, e.seed)
	e.seed = (e.seed + 1) &^ asItIs
	// One sum with factors of 1 rather than one exclusive or a packet: it reads and writes the result once.
	e.sources, e.ones = gather(e.sources[:0], e.ones[:0], e.packets, e.row)
	gf.Dot(dst[headerLen:], e.sources, e.ones)
	return nil
}
