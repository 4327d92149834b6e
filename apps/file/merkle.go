package file

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"math/bits"
)

// HashLen is the length of a hash, which is SHA-256.
const HashLen = sha256.Size

// Hash is a hash of a block, of hashes, or of a file.
type Hash [HashLen]byte

// The hashes of a file's blocks are the leaves of a binary tree as in RFC 6962: a leaf is the hash of a byte 0 and the block, what is
// above of a byte 1 and the two below. Unlike there, the lowest level is filled up to a power of two with hashes of zeros, so that
// the proofs of all blocks are as long.
var leafPrefix, nodePrefix = []byte{0}, []byte{1}

// depth is how many levels there are over so many leaves.
func depth(blocks int) int {
	if blocks <= 1 {
		return 0
	}
	return bits.Len(uint(blocks - 1))
}

// Hasher computes hashes of blocks and proofs; it keeps what it needs for that. The zero value is not ready: NewHasher.
type Hasher struct {
	h   hash.Hash
	sum Hash // here, and not on a stack, which a hash.Hash would have it leave for the heap
}

// NewHasher makes one.
func NewHasher() *Hasher { return &Hasher{h: sha256.New()} }

// Leaf is the hash of a block's bytes.
func (s *Hasher) Leaf(block []byte) Hash {
	s.h.Reset()
	s.h.Write(leafPrefix)
	s.h.Write(block)
	return s.end()
}

// above is the hash over two.
func (s *Hasher) above(left, right []byte) Hash {
	s.h.Reset()
	s.h.Write(nodePrefix)
	s.h.Write(left)
	s.h.Write(right)
	return s.end()
}

func (s *Hasher) end() Hash {
	s.h.Sum(s.sum[:0])
	return s.sum
}

// Proves reports whether a proof, the hashes beside the way up, shows that a leaf is number i below a root.
func (s *Hasher) Proves(root, leaf Hash, i int, proof []byte) bool {
	s.sum = leaf
	for ; len(proof) >= HashLen; proof = proof[HashLen:] {
		if beside := proof[:HashLen]; i&1 == 0 {
			s.above(s.sum[:], beside)
		} else {
			s.above(beside, s.sum[:])
		}
		i >>= 1
	}
	return s.sum == root
}

// Tree is the hashes over a file's blocks, of which a source takes proofs.
type Tree struct{ levels [][]Hash } // leaves first; each has what is not of zeros alone

// zeros are the hashes over nothing but zeros, by level.
var zeros = func() (all [MaxDepth]Hash) {
	s := NewHasher()
	for i := 1; i < len(all); i++ {
		all[i] = s.above(all[i-1][:], all[i-1][:])
	}
	return all
}()

// NewTree makes the tree over leaves, which it keeps: the hashes of a file's blocks in their order.
func NewTree(leaves []Hash) *Tree {
	t, s := &Tree{levels: [][]Hash{leaves}}, NewHasher()
	for level := range depth(len(leaves)) {
		below := t.levels[level]
		next := make([]Hash, (len(below)+1)/2)
		for i := range next {
			right := &zeros[level]
			if 2*i+1 < len(below) {
				right = &below[2*i+1]
			}
			next[i] = s.above(below[2*i][:], right[:])
		}
		t.levels = append(t.levels, next)
	}
	return t
}

// Root is the hash over all; of no blocks it is of zeros.
func (t *Tree) Root() Hash {
	if top := t.levels[len(t.levels)-1]; len(top) > 0 {
		return top[0]
	}
	return Hash{}
}

// Leaf is the hash of a block.
func (t *Tree) Leaf(i int) Hash { return t.levels[0][i] }

// Put writes the proof of a block into dst, which has room for as many hashes as there are levels above the blocks.
func (t *Tree) Put(dst []byte, i int) {
	for level, hashes := range t.levels[:len(t.levels)-1] {
		beside := &zeros[level]
		if i^1 < len(hashes) {
			beside = &hashes[i^1]
		}
		copy(dst[level*HashLen:], beside[:])
		i >>= 1
	}
}

// Describer finds out what the manifest of a file is, from its bytes. It is an io.Writer. Make it with NewDescriber.
type Describer struct {
	m      Manifest
	whole  hash.Hash
	hasher *Hasher
	block  []byte // the one that is being filled
	leaves []Hash
}

// NewDescriber describes a file with blocks of so many bytes.
func NewDescriber(name string, blockLen int) (*Describer, error) {
	d := &Describer{m: Manifest{Name: name, BlockLen: blockLen}, whole: sha256.New(), hasher: NewHasher()}
	if err := d.m.Check(); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	d.block = make([]byte, 0, blockLen)
	return d, nil
}

// ErrTooLong is the error of a file that has more than MaxBlocks blocks.
var ErrTooLong = errors.New("file: too many blocks: use longer ones")

// Write takes the next bytes of the file, of which it keeps nothing.
func (d *Describer) Write(p []byte) (n int, err error) {
	n = len(p)
	d.whole.Write(p)
	d.m.Length += int64(n)
	for len(p) > 0 {
		k := min(cap(d.block)-len(d.block), len(p))
		d.block, p = append(d.block, p[:k]...), p[k:]
		if len(d.block) == cap(d.block) {
			d.flush()
		}
	}
	if len(d.leaves) > MaxBlocks {
		return 0, ErrTooLong
	}
	return n, nil
}

func (d *Describer) flush() {
	d.leaves = append(d.leaves, d.hasher.Leaf(d.block))
	d.block = d.block[:0]
}

// End is called behind the last byte.
func (d *Describer) End() (Manifest, *Tree, error) {
	if len(d.block) > 0 {
		d.flush()
	}
	if len(d.leaves) > MaxBlocks {
		return Manifest{}, nil, ErrTooLong
	}
	t := NewTree(d.leaves)
	d.m.Root = t.Root()
	d.whole.Sum(d.m.Sum[:0])
	return d.m, t, nil
}
