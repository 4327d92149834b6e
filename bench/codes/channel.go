package codes

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/ioverlay/ioverlay/coding/codes"
)

// trial is a block that went over the channel.
type trial struct {
	extra  int     // packets that came beyond K until the block was complete
	delay  float64 // mean over the block's packets, in packets sent: from when one was there to be sent until it could be delivered in order
	waited int     // the longest of them
	failed bool    // the code had no more packets
}

// channelSize is a packet's size where only numbers count: the least that all codes take.
const channelSize = 64

// send sends a block over a channel that loses each packet with a probability. A packet of the
// block is there to be sent at each tick, and one is sent at each tick: by a systematic code as soon as it is there, by
// another when the whole block is. Losses go on until the receiver can decode. What came as it
// is can be delivered at once if all before it was; the rest when the block is complete.
func send(c codes.Code, loss float64, rng *rand.Rand) (t trial, err error) {
	packets := randomBlock(c.K(), channelSize, rng)
	e, err := c.NewEncoder(packets, rng.Uint32())
	if err != nil {
		return t, err
	}
	d, err := c.NewDecoder(channelSize)
	if err != nil {
		return t, err
	}
	now, inOrder, came := 0, 0, 0
	if !c.Systematic() {
		now = c.K() - 1
	}
	deliver := func(upTo int) {
		for ; inOrder < upTo; inOrder++ {
			wait := now - inOrder
			t.delay += float64(wait) / float64(c.K())
			t.waited = max(t.waited, wait)
		}
	}
	for sent := 0; !d.Complete(); sent++ {
		p := make([]byte, c.HeaderLen()+channelSize)
		switch err := e.Encode(p); {
		case errors.Is(err, codes.ErrExhausted):
			t.failed = true
			return t, nil
		case err != nil:
			return t, err
		}
		if rng.Float64() >= loss {
			came++
			if _, err := d.Add(p); err != nil {
				return t, err
			}
			if c.Systematic() && sent == inOrder {
				deliver(sent + 1)
			}
		}
		if !d.Complete() {
			now++
		}
	}
	deliver(c.K())
	t.extra = came - c.K()
	return t, decodes(c, d, packets, channelSize)
}

// decodes compares what a decoder gives with what was coded.
func decodes(c codes.Code, d codes.Decoder, packets [][]byte, size int) error {
	dst := room(c.K(), size)
	if err := d.Decode(dst); err != nil {
		return err
	}
	return same(c, dst, packets)
}

func same(c codes.Code, dst, packets [][]byte) error {
	for i := range dst {
		if !bytes.Equal(dst[i], packets[i]) {
			return fmt.Errorf("%w: %s, k %d: packet %d", ErrWrong, c.Name(), c.K(), i)
		}
	}
	return nil
}

// ErrWrong is that a block was not decoded to what was coded.
var ErrWrong = errors.New("a decoded packet is not what was coded")

func room(k, size int) [][]byte {
	store := make([]byte, k*size)
	out := make([][]byte, k)
	for i := range out {
		out[i] = store[i*size : (i+1)*size : (i+1)*size]
	}
	return out
}

func randomBlock(k, size int, rng *rand.Rand) [][]byte {
	packets := room(k, size)
	for _, p := range packets {
		for i := 0; i+8 <= size; i += 8 {
			x := rng.Uint64()
			for b := range 8 {
				p[i+b] = byte(x >> (8 * b))
			}
		}
	}
	return packets
}
