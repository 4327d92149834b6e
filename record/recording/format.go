package recording

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// The file begins with magic, is chunks from there on, and ends with where its index is and endMagic. The first byte is
// no text, and the line feed is spoiled by whoever copies it as one.
const (
	magic    = "\x89IOVREC\n"
	endMagic = "\x89IOVEND\n"
	version  = 1

	footerBytes = 8 + len(endMagic)
)

// chunkKind is what a chunk is. Readers skip those that they do not know.
type chunkKind byte

const (
	chunkMeta  chunkKind = 1
	chunkBlock chunkKind = 2
	chunkIndex chunkKind = 3
)

// A chunk is its kind, the lengths of its head and its body (uint32 each, little-endian), the head, a CRC-32C of all
// that, and the body.
const (
	chunkStart = 1 + 4 + 4
	crcBytes   = 4
)

// What a file may have. They bound what a hostile one can take from its reader.
const (
	maxHead     = 16 << 20 // bytes of a chunk's head
	maxBody     = 1 << 30  // bytes of a chunk's body
	maxSections = 1 << 16  // columns of a block
	maxRaw      = 32 << 20 // bytes of a column, decompressed
	maxBlocks   = 1 << 22

	// A block of zstd takes four bytes at least and is at most 128 KiB.
	maxRatio = 32 << 10
)

// ErrFormat means that a file is no recording, or a damaged one.
var ErrFormat = errors.New("recording: not a recording, or a damaged one")

// ErrOrder means that an update is earlier than the one before.
var ErrOrder = errors.New("recording: an update that is earlier than the one before")

// ErrTooMuch means that what was to be recorded is more than a file may have.
var ErrTooMuch = errors.New("recording: more than a recording may have")

// sectionKind is what a column of a block is of.
type sectionKind byte

const (
	secTimes     sectionKind = 1 // of the updates
	secNodeBase  sectionKind = 2 // a field of nodes as the block begins
	secNodes     sectionKind = 3 // and how it changes
	secLinkBase  sectionKind = 4
	secLinks     sectionKind = 5
	secStateBase sectionKind = 6 // the last states as the block begins
	secStates    sectionKind = 7
	secEvents    sectionKind = 8
	secTransfers sectionKind = 9
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendChunk appends a chunk without its body.
func appendChunk(b []byte, kind chunkKind, head []byte, body int) []byte {
	from := len(b)
	b = append(b, byte(kind))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
	b = binary.LittleEndian.AppendUint32(b, uint32(body))
	b = append(b, head...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}
