package gfbench

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/gf"
)

// coder is a generation on its way through package coding's decoder, from packets with headers to source packets.
type coder struct {
	gen     coding.Generation
	arrived [][]byte // packets with headers, those that come as they are first
	parsed  []coding.Packet
	vectors [][]byte // by arrival, the coefficients of coded packets
	decoder coding.Decoder
	decoded [][]byte
	all     [][]byte // source packets, after decode
}

// coderTask decodes with package coding: parsing, the rank test on arrival, and Decode. The library is given the same
// packets parsed. Of the source packets the lost ones are replaced by coded ones.
func coderTask(lost ...int) func(size, offset int) *task {
	return func(size, offset int) *task {
		c, e := newCoder(size, offset, lost), newEliminator(packetsOf, size, offset)
		var results [][]byte
		return &task{
			bytes:   packetsOf * size,
			product: c.product(),
			library: func(ll *lowLevel) {
				e.reset()
				for i, p := range c.parsed {
					if p.Kind == coding.KindSource {
						e.addSource(p.Index, p.Payload)
					} else {
						e.add(ll, c.vectors[i], p.Payload)
					}
				}
				results = e.payloads()
			},
			ours: func(gf.Kernels) {
				c.decode()
				results = c.all
			},
			results: func() [][]byte { return results },
		}
	}
}

// newCoder makes the packets that arrive.
func newCoder(size, offset int, lost []int) *coder {
	c := &coder{
		gen:     coding.Generation{K: packetsOf, Size: size, Last: size},
		decoded: newPackets(packetsOf, size, offset, 2), all: make([][]byte, packetsOf),
	}
	var e coding.Encoder
	must(e.Reset(c.gen, newPackets(packetsOf, size, offset, 1)))
	must(c.decoder.Reset(c.gen))
	buffers := newPackets(packetsOf, e.Len(), offset, 3)
	for i := range packetsOf {
		if !slices.Contains(lost, i) {
			c.arrive(buffers[len(c.arrived)], func(b []byte) (int, error) { return e.Source(b, i) })
		}
	}
	for !c.decoder.Complete() {
		c.arrive(buffers[len(c.arrived)], e.Coded)
	}
	return c
}

// arrive lets one packet be written into b, and keeps it if it is innovative.
func (c *coder) arrive(b []byte, write func([]byte) (int, error)) {
	n, err := write(b)
	must(err)
	result, err := c.decoder.Add(b[:n])
	must(err)
	if result != coding.Innovative {
		return
	}
	p, err := coding.Parse(b[:n])
	must(err)
	vector := make([]byte, packetsOf)
	p.Vector(vector)
	c.arrived, c.parsed, c.vectors = append(c.arrived, b[:n]), append(c.parsed, p), append(c.vectors, vector)
}

func (c *coder) decode() {
	must(c.decoder.Reset(c.gen))
	for _, b := range c.arrived {
		_, err := c.decoder.Add(b)
		must(err)
	}
	must(c.decoder.Decode(c.decoded))
	for i := range c.all {
		c.all[i] = c.decoder.Packet(i)
	}
}

// product returns what computes the packets that did not come as they are, with coefficients that are known already.
func (c *coder) product() func() {
	matrix, err := coding.NewMatrix(c.vectors...)
	must(err)
	inverse, err := matrix.Inverse()
	must(err)
	var dsts, payloads, rows [][]byte
	for i := range packetsOf {
		if !slices.ContainsFunc(c.parsed, func(p coding.Packet) bool { return p.Kind == coding.KindSource && p.Index == i }) {
			dsts, rows = append(dsts, c.decoded[i]), append(rows, inverse.Row(i))
		}
	}
	for _, p := range c.parsed {
		payloads = append(payloads, p.Payload)
	}
	return func() { gf.MatMul(dsts, payloads, rows) }
}

// must ends the program: what this package does to package coding never fails, or one of them is wrong.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("gfbench: %v", err))
	}
}
