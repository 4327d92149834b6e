package codes

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/ioverlay/ioverlay/coding/codes"
)

// cost is the CPU time of a block.
type cost struct {
	encode  time.Duration // of an encoder, and of all its coded packets
	encoded int           // bytes of payload of those
	decode  time.Duration // of a decoder, from the first packet to the last byte of the block
}

// costOf codes a block and decodes it from what a channel with a loss lets through. Packets
// that are the block's own are copies: they are not in the encoder's time.
func costOf(c codes.Code, size int, loss float64, rng *rand.Rand) (out cost, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	packets := randomBlock(c.K(), size, rng)
	seed := rng.Uint32()
	runtime.GC() // what other codes left
	coded := room(c.K(), c.HeaderLen()+size)

	began := threadTime()
	e, err := c.NewEncoder(packets, seed)
	out.encode = threadTime() - began
	if err != nil {
		return out, err
	}
	var way [][]byte
	if c.Systematic() {
		for range packets {
			p := make([]byte, c.HeaderLen()+size)
			if err := e.Encode(p); err != nil {
				return out, err
			}
			way = append(way, p)
		}
	}
	began = threadTime()
	n := 0
	for ; n < len(coded); n++ {
		if err = e.Encode(coded[n]); err != nil {
			break
		}
	}
	out.encode += threadTime() - began
	if err != nil && !errors.Is(err, codes.ErrExhausted) {
		return out, err
	}
	out.encoded = n * size
	way = append(way, coded[:n]...)
	for !errors.Is(err, codes.ErrExhausted) && len(way) < 2*c.K()+64 {
		p := make([]byte, c.HeaderLen()+size)
		if err = e.Encode(p); err == nil {
			way = append(way, p)
		}
	}
	var came [][]byte
	for _, p := range way {
		if rng.Float64() >= loss {
			came = append(came, p)
		}
	}
	dst := room(c.K(), size)
	began = threadTime()
	d, err := c.NewDecoder(size)
	if err != nil {
		return out, err
	}
	for _, p := range came {
		if d.Complete() {
			break
		}
		if _, err := d.Add(p); err != nil {
			return out, err
		}
	}
	err = d.Decode(dst)
	out.decode = threadTime() - began
	if err != nil {
		return out, err
	}
	return out, same(c, dst, packets)
}
