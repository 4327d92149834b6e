package codes

import (
	"fmt"

	"github.com/klauspost/reedsolomon"
)

// reedSolomon is a code of K packets and a fixed number of parity. Any K of them are enough, and no
// relay can make another.
type reedSolomon struct {
	name   string
	k, m   int
	coder  reedsolomon.Encoder
	blocks int // sizes must be multiples of it
}

func newReedSolomon(name string, k, m int) (*reedSolomon, error) {
	c := &reedSolomon{name: name, k: k, m: m, blocks: 1}
	var err error
	// One goroutine: it is compared with codes that have one, and nothing here may start others.
	if c.coder, err = reedsolomon.New(k, m, reedsolomon.WithMaxGoroutines(1)); err != nil {
		return nil, fmt.Errorf("codes: %d packets and %d of parity: %w", k, m, err)
	}
	if k+m > 256 {
		c.blocks = 64
	}
	return c, nil
}

func (c *reedSolomon) Name() string     { return c.name }
func (c *reedSolomon) K() int           { return c.k }
func (c *reedSolomon) Systematic() bool { return true }
func (c *reedSolomon) HeaderLen() int   { return headerLen }
func (c *reedSolomon) RecodedLen() int  { return 0 }

func (c *reedSolomon) check(size int) error {
	if size < 1 || size%c.blocks != 0 {
		return fmt.Errorf("codes: packets of %d bytes: in GF(2^16) it must be a multiple of %d", size, c.blocks)
	}
	return nil
}

// NewEncoder implements Code. It computes all of the parity.
func (c *reedSolomon) NewEncoder(packets [][]byte, _ uint32) (Encoder, error) {
	size, err := checkBlock(packets, c.k)
	if err != nil {
		return nil, err
	}
	if err := c.check(size); err != nil {
		return nil, err
	}
	e := &reedSolomonEncoder{size: size, shards: make([][]byte, 0, c.k+c.m)}
	e.shards = append(e.shards, packets...)
	store := make([]byte, c.m*size)
	for i := range c.m {
		e.shards = append(e.shards, store[i*size:(i+1)*size:(i+1)*size])
	}
	if err := c.coder.Encode(e.shards); err != nil {
		return nil, fmt.Errorf("codes: encode: %w", err)
	}
	return e, nil
}

// NewDecoder implements Code.
func (c *reedSolomon) NewDecoder(size int) (Decoder, error) {
	if err := c.check(size); err != nil {
		return nil, err
	}
	return &reedSolomonDecoder{c: c, size: size, shards: make([][]byte, c.k+c.m)}, nil
}

type reedSolomonEncoder struct {
	size   int
	shards [][]byte
	next   int
}

// Encode implements Encoder.
func (e *reedSolomonEncoder) Encode(dst []byte) error {
	if len(dst) != headerLen+e.size {
		return fmt.Errorf("codes: room for %d bytes, want %d", len(dst), headerLen+e.size)
	}
	if e.next == len(e.shards) {
		return ErrExhausted
	}
	putHeader(dst, uint32(e.next))
	copy(dst[headerLen:], e.shards[e.next])
	e.next++
	return nil
}

type reedSolomonDecoder struct {
	c      *reedSolomon
	size   int
	shards [][]byte
	have   int
}

// Add implements Decoder.
func (d *reedSolomonDecoder) Add(packet []byte) (bool, error) {
	number, payload, err := readHeader(packet, d.size)
	if err != nil {
		return false, err
	}
	if uint64(number) >= uint64(len(d.shards)) {
		return false, fmt.Errorf("%w: number %d of %d", ErrMalformed, number, len(d.shards))
	}
	if d.shards[number] != nil || d.Complete() {
		return false, nil
	}
	d.shards[number] = payload
	d.have++
	return true, nil
}

// Complete implements Decoder.
func (d *reedSolomonDecoder) Complete() bool { return d.have == d.c.k }

// Decode implements Decoder.
func (d *reedSolomonDecoder) Decode(dst [][]byte) error {
	if !d.Complete() {
		return ErrIncomplete
	}
	if err := checkRoom(dst, d.c.k, d.size); err != nil {
		return err
	}
	shards := append([][]byte(nil), d.shards...)
	if err := d.c.coder.ReconstructData(shards); err != nil {
		return fmt.Errorf("codes: decode: %w", err)
	}
	for i := range dst {
		copy(dst[i], shards[i])
	}
	return nil
}
