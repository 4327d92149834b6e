package file

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/coding"
)

// Limits of a transfer.
const (
	MaxDepth    = 20            // levels of hashes over the blocks
	MaxBlocks   = 1 << MaxDepth // of a file; so a set of blocks has 128 KiB, and the hashes of a source 64 MiB
	MinBlockLen = 64
	MaxBlockLen = 256 << 10
	MaxNameLen  = 200 // bytes

	// DefaultBlockLen is for links of some MB/s and more.
	DefaultBlockLen = 16 << 10
	// MaxCodedLen is how many bytes a message (MessageLen) may have that coded multicast carries: by a window its length is before it, in two.
	MaxCodedLen = coding.MaxSize - 2
)

// Manifest is what a transfer is. Its number ([Manifest.ID]) follows from all of it.
type Manifest struct {
	Name     string // without a path: CheckName
	Length   int64  // bytes
	BlockLen int    // bytes of each block but the last, which has what is left
	Root     Hash   // over the blocks' hashes: Tree
	Sum      Hash   // SHA-256 of the whole file
}

// manifestLen is the length of a manifest without its name.
const manifestLen = 8 + 4 + 2*HashLen + 2

// Blocks is how many blocks the file has; an empty one has none.
func (m *Manifest) Blocks() int {
	return int((m.Length + int64(m.BlockLen) - 1) / int64(m.BlockLen))
}

// Size is how many bytes a block has.
func (m *Manifest) Size(block int) int {
	return int(min(m.Length-int64(block)*int64(m.BlockLen), int64(m.BlockLen)))
}

// Depth is how many hashes prove a block.
func (m *Manifest) Depth() int { return depth(m.Blocks()) }

// MessageLen is the length of the payload of the longest message that brings a block.
func (m *Manifest) MessageLen() int { return HeaderLen + m.Depth()*HashLen + m.BlockLen }

// ID is the number of the transfer.
func (m *Manifest) ID() ID {
	sum := sha256.Sum256(m.Append(nil))
	return ID(sum[:16])
}

// Append appends the manifest's bytes:
//
//	offset  0    8 bytes   length of the file
//	offset  8    4 bytes   length of a block
//	offset 12   32 bytes   root of the blocks' hashes
//	offset 44   32 bytes   SHA-256 of the file
//	offset 76    2 bytes   length of the name
//	offset 78              name, UTF-8
func (m *Manifest) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(m.Length))
	b = binary.BigEndian.AppendUint32(b, uint32(m.BlockLen))
	b = append(b, m.Root[:]...)
	b = append(b, m.Sum[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.Name)))
	return append(b, m.Name...)
}

// ParseManifest reads a manifest. Errors wrap [ErrMessage].
func ParseManifest(b []byte) (m Manifest, err error) {
	if len(b) < manifestLen {
		return m, fmt.Errorf("%w: a manifest of %d bytes, and %d are the least", ErrMessage, len(b), manifestLen)
	}
	m = Manifest{
		Length: int64(binary.BigEndian.Uint64(b)), BlockLen: int(binary.BigEndian.Uint32(b[8:])),
		Root: Hash(b[12:44]), Sum: Hash(b[44:76]), Name: string(b[manifestLen:]),
	}
	if n := int(binary.BigEndian.Uint16(b[76:])); n != len(m.Name) {
		return Manifest{}, fmt.Errorf("%w: a name of %d bytes where %d are said", ErrMessage, len(m.Name), n)
	}
	if err := m.Check(); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return m, nil
}

// Check tells whether the manifest is within the limits, and its name one that may be made in a directory.
func (m *Manifest) Check() error {
	switch {
	case m.BlockLen < MinBlockLen || m.BlockLen > MaxBlockLen:
		return fmt.Errorf("blocks of %d bytes: want %d to %d", m.BlockLen, MinBlockLen, MaxBlockLen)
	case m.Length < 0 || m.Length > int64(m.BlockLen)*MaxBlocks:
		return fmt.Errorf("a file of %d bytes in blocks of %d: want at most %d blocks", m.Length, m.BlockLen, MaxBlocks)
	}
	return CheckName(m.Name)
}

// CheckName tells whether a name is one that a receiver may take for a file in a directory: one element of a path, printable, in
// UTF-8, of 1 to 200 bytes, neither "." nor "..".
func CheckName(name string) error {
	switch {
	case name == "" || len(name) > MaxNameLen:
		return fmt.Errorf("a name of %d bytes: want 1 to %d", len(name), MaxNameLen)
	case name == "." || name == "..":
		return fmt.Errorf("the name %q is a directory's", name)
	case !utf8.ValidString(name) || strings.ContainsAny(name, `/\`) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the name %q has a separator of paths, or what cannot be printed", name)
	}
	return nil
}

// BlockLenFor is a length of blocks for a file: the default, or as much more as keeps the blocks below their limit.
func BlockLenFor(length int64) int {
	n := DefaultBlockLen
	for n < MaxBlockLen && length > int64(n)*MaxBlocks/16 {
		n *= 2
	}
	return n
}
