package recording

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/ioverlay/ioverlay/record"
)

// Reader reads a recording. It is safe for concurrent use, and keeps nothing but what is known of the blocks.
type Reader struct {
	in       io.ReaderAt
	size     int64
	dec      *zstd.Decoder
	meta     Meta
	end      End
	blocks   []Block
	complete bool
	lost     int64 // bytes at the end that are of no whole block
}

// Open opens a recording of a size in bytes. One whose writer was killed has what is in its whole blocks: see Complete.
func Open(in io.ReaderAt, size int64) (*Reader, error) {
	dec, err := decoder()
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	r := &Reader{in: in, size: size, dec: dec}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// decoder is that of all readers: it holds nothing of what it decodes.
var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxRaw), zstd.WithDecoderLowmem(true))
})

func (r *Reader) open() error {
	first := make([]byte, len(magic))
	if err := r.read(first, 0); err != nil || string(first) != magic {
		return fmt.Errorf("%w: it does not begin as one", ErrFormat)
	}
	at := int64(len(magic))
	head, err := r.chunk(at)
	if err != nil {
		return err
	}
	if head.kind != chunkMeta {
		return fmt.Errorf("%w: it does not say what it is of", ErrFormat)
	}
	if err := json.Unmarshal(head.head, &r.meta); err != nil {
		return fmt.Errorf("%w: what it says of itself: %w", ErrFormat, err)
	}
	if r.meta.Format != version {
		return fmt.Errorf("%w: it is of version %d of the format, and this program reads version %d", ErrFormat, r.meta.Format, version)
	}
	if r.complete = r.index(at+head.size) == nil; !r.complete {
		r.blocks, r.end = nil, End{}
		return r.scan(at + head.size)
	}
	return nil
}

func (r *Reader) read(b []byte, at int64) error {
	if at < 0 || at > r.size-int64(len(b)) {
		return io.ErrUnexpectedEOF
	}
	if n, err := r.in.ReadAt(b, at); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("recording: read: %w", err)
	}
	return nil
}

type chunk struct {
	kind chunkKind
	head []byte
	body int64 // where it begins
	size int64 // of all
}

// chunk reads the head of the chunk at a place. The whole of it is in the file.
func (r *Reader) chunk(at int64) (c chunk, err error) {
	var start [chunkStart]byte
	if err := r.read(start[:], at); err != nil {
		return c, fmt.Errorf("%w: at byte %d: %w", ErrFormat, at, err)
	}
	head, body := int64(binary.LittleEndian.Uint32(start[1:])), int64(binary.LittleEndian.Uint32(start[5:]))
	c = chunk{kind: chunkKind(start[0]), body: at + chunkStart + head + crcBytes, size: chunkStart + head + crcBytes + body}
	if head > maxHead || body > maxBody || c.size > r.size-at {
		return c, fmt.Errorf("%w: at byte %d a part of %d bytes, which is more than there is or may be", ErrFormat, at, c.size)
	}
	c.head = make([]byte, head+crcBytes)
	if err := r.read(c.head, at+chunkStart); err != nil {
		return c, fmt.Errorf("%w: at byte %d: %w", ErrFormat, at, err)
	}
	sum := binary.LittleEndian.Uint32(c.head[head:])
	c.head = c.head[:head]
	if crc32.Update(crc32.Checksum(start[:], castagnoli), castagnoli, c.head) != sum {
		return c, fmt.Errorf("%w: at byte %d, its checksum is wrong", ErrFormat, at)
	}
	return c, nil
}

// index reads the index at the end.
func (r *Reader) index(from int64) error {
	var foot [footerBytes]byte
	if err := r.read(foot[:], r.size-int64(footerBytes)); err != nil {
		return err
	}
	at := int64(min(binary.LittleEndian.Uint64(foot[:]), uint64(r.size)))
	if string(foot[8:]) != endMagic || at < from {
		return ErrFormat
	}
	c, err := r.chunk(at)
	if err != nil || c.kind != chunkIndex {
		return errors.Join(err, ErrFormat)
	}
	p := input{b: c.head}
	n := p.below(maxBlocks, "the number of blocks")
	last := int64(0)
	for range n {
		var b Block
		b.offset = last + int64(p.below(uint64(r.size), "an offset"))
		b.size = int64(p.below(uint64(r.size), "a size"))
		p.block(&b)
		if b.offset < from || b.size > at-b.offset {
			p.fail("a block at byte %d", b.offset)
		}
		if p.err != nil {
			return p.err
		}
		last = b.offset
		r.blocks = append(r.blocks, b)
	}
	said := p.take(p.uint())
	if p.err != nil {
		return p.err
	}
	if err := json.Unmarshal(said, &r.end); err != nil {
		return fmt.Errorf("%w: what it says at its end: %w", ErrFormat, err)
	}
	return r.order()
}

// block reads what is known of a block.
func (p *input) block(b *Block) {
	b.Begin = record.Time(p.below(uint64(record.MaxTime)+1, "a time"))
	b.End = b.Begin + record.Time(p.below(uint64(record.MaxTime-b.Begin)+1, "a time"))
	for _, to := range [...]*uint64{&b.Updates, &b.NodeCells, &b.LinkCells, &b.Events, &b.States, &b.Transfers} {
		*to = p.below(1<<32, "a count")
	}
	b.First = b.Begin - record.Time(p.int())
	b.MinLeft, b.MaxLeft = p.time(0), p.time(0)
}

// order sees to it that blocks are in the order of time, which finding one needs.
func (r *Reader) order() error {
	for i := 1; i < len(r.blocks); i++ {
		if r.blocks[i].Begin < r.blocks[i-1].End {
			return fmt.Errorf("%w: block %d begins before the one before it has ended", ErrFormat, i)
		}
	}
	return nil
}

// scan goes through the blocks of a file that has no index. What is no whole block ends it.
func (r *Reader) scan(at int64) error {
	for at < r.size && len(r.blocks) < maxBlocks {
		c, err := r.chunk(at)
		if err != nil {
			break
		}
		if c.kind == chunkBlock {
			p := input{b: c.head}
			b := Block{offset: at, size: c.size}
			if p.block(&b); p.err != nil {
				break
			}
			r.blocks = append(r.blocks, b)
			r.end.Ended = max(r.end.Ended, b.End)
		}
		at += c.size
	}
	r.lost = r.size - at
	return r.order()
}

// Meta is what the recording says of itself at its beginning.
func (r *Reader) Meta() Meta { return r.meta }

// Complete reports whether its writer ended it. Otherwise it was killed, or its disk was full, and lost is how many
// bytes behind the last whole block cannot be read.
func (r *Reader) Complete() (ok bool, lost int64) { return r.complete, r.lost }

// End is what the recording says at its end. If it is not complete, only the time of its last update is known.
func (r *Reader) End() End { return r.end }

// Blocks is what is known of its blocks, in order of time.
func (r *Reader) Blocks() []Block { return r.blocks }
