package file

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/ioverlay/ioverlay/core"
)

// Bytes is a file in memory: it implements Blocks.
type Bytes struct {
	m    Manifest
	data []byte
}

// Describe is the manifest of a file in memory, its hashes, and the file as a source wants it, which keeps the data.
func Describe(name string, data []byte, blockLen int) (Manifest, *Tree, *Bytes, error) {
	d, err := NewDescriber(name, blockLen)
	if err != nil {
		return Manifest{}, nil, nil, err
	}
	if _, err := d.Write(data); err != nil {
		return Manifest{}, nil, nil, err
	}
	m, t, err := d.End()
	return m, t, &Bytes{m, data}, err
}

// Fetch implements Blocks.
func (b *Bytes) Fetch(int) {}

// Read implements Blocks.
func (b *Bytes) Read(block int, dst []byte) bool {
	copy(dst, b.data[block*b.m.BlockLen:])
	return true
}

// Memory is a store in memory. It implements Store, and its OpenIn is what a sink's Open wants. The zero value is empty.
type Memory struct {
	// Most is how many bytes a file may have: its length is what anybody says who can begin a transfer. 0: DefaultMemory.
	Most int64

	t    *Transfer
	data []byte
	have *Set // what outlives a life of the node
}

// DefaultMemory is the length of the longest file that a Memory takes unless it says otherwise: 64 MiB.
const DefaultMemory = 64 << 20

// OpenIn opens the store for a transfer: it goes on with what it has of it. The error is of a file that is longer than Most, or another than the one that
// is in the store.
func (s *Memory) OpenIn(_ *core.Node, t *Transfer) (Store, error) {
	m := t.Manifest()
	most := s.Most
	if most == 0 {
		most = DefaultMemory
	}
	switch {
	case s.t != nil && s.t.ID() != t.ID():
		return nil, fmt.Errorf("there is %v in it already", s.t)
	case m.Length > most:
		return nil, fmt.Errorf("a file of %d bytes, and there is memory for %d", m.Length, most)
	}
	if s.t == nil {
		s.data, s.have = make([]byte, m.Length), NewSet(m.Blocks())
	}
	s.t = t
	t.Opened(s.have)
	return s, nil
}

// Put implements Store.
func (s *Memory) Put(block int, _ Hash, data []byte) bool {
	copy(s.data[block*s.t.Manifest().BlockLen:], data)
	s.have.Add(block)
	return true
}

// Finish implements Store.
func (s *Memory) Finish() {
	var err error
	if sum := Hash(sha256.Sum256(s.data)); sum != s.t.Manifest().Sum {
		err = ErrSum
	}
	s.t.Finished(err)
}

// ErrSum is the error of a file whose blocks are what their hashes say, and whose SHA-256 is another than its manifest says: the manifest is false.
var ErrSum = errors.New("file: the file has another SHA-256 than its manifest says")

// Is reports whether the store has all of some data, and nothing else.
func (s *Memory) Is(data []byte) bool {
	return s.t != nil && s.t.Whole() && bytes.Equal(s.data, data)
}
