package file

import (
	"encoding/binary"
	"fmt"
)

// Synthetic is a file whose bytes follow from a number: for scenarios and tests. It implements Blocks, and checks what comes of it.
type Synthetic struct {
	Manifest Manifest
	Tree     *Tree
	seed     uint64
}

// NewSynthetic is the file of a number: the same everywhere.
func NewSynthetic(name string, length int64, blockLen int, seed uint64) (*Synthetic, error) {
	d, err := NewDescriber(name, blockLen)
	if err != nil {
		return nil, err
	}
	s := &Synthetic{seed: seed}
	block := make([]byte, blockLen)
	for at := int64(0); at < length; at += int64(blockLen) {
		b := block[:min(length-at, int64(blockLen))]
		synthesize(b, seed, at)
		if _, err := d.Write(b); err != nil {
			return nil, err
		}
	}
	s.Manifest, s.Tree, err = d.End()
	return s, err
}

// synthesize writes the bytes from an offset on: each eight follow from the number and where they are (SplitMix64).
func synthesize(dst []byte, seed uint64, at int64) {
	word := func(i uint64) uint64 {
		z := seed + (i+1)*0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	var eight [8]byte
	for len(dst) > 0 {
		binary.LittleEndian.PutUint64(eight[:], word(uint64(at)/8))
		n := copy(dst, eight[at%8:])
		dst, at = dst[n:], at+int64(n)
	}
}

// Fetch implements Blocks.
func (s *Synthetic) Fetch(int) {}

// Read implements Blocks.
func (s *Synthetic) Read(block int, dst []byte) bool {
	synthesize(dst, s.seed, int64(block)*int64(s.Manifest.BlockLen))
	return true
}

// Synthesized checks the blocks of synthetic files and keeps nothing of them: it implements Store.
type Synthesized struct {
	Fault error // the first

	t    *Transfer
	seed uint64
	want []byte
}

// OpenSynthesized is a store for the synthetic file of a number.
func OpenSynthesized(t *Transfer, seed uint64) *Synthesized {
	t.Opened(nil)
	return &Synthesized{t: t, seed: seed, want: make([]byte, t.Manifest().BlockLen)}
}

// Put implements Store.
func (s *Synthesized) Put(block int, _ Hash, data []byte) bool {
	want := s.want[:len(data)]
	synthesize(want, s.seed, int64(block)*int64(s.t.Manifest().BlockLen))
	if s.Fault == nil && string(want) != string(data) {
		s.Fault = fmt.Errorf("block %d of %s is not what its source made", block, s.t.Manifest().Name)
	}
	return true
}

// Finish implements Store.
func (s *Synthesized) Finish() { s.t.Finished(s.Fault) }
