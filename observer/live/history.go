package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/ioverlay/ioverlay/record"
)

// What was, in segments: how everything stood at a time, and the updates after it as JSON, a line each, packed once the
// segment is closed. A segment is closed when its updates have grown to twice its beginning, so that the beginnings are a
// third of it all, and that the way from a beginning to any time is bounded. The oldest segments go when there are too many
// bytes.

const (
	leastSegment = 256 << 10 // bytes of updates, in which nothing is gained by another beginning
	segmentTime  = 60 * 1e9  // ns after which one is closed in any case
	growth       = 2         // of the updates to the beginning
	maxUnpacked  = 512 << 20 // bytes that a segment unpacks to, for the decoder
	packLevel    = zstd.SpeedFastest
)

type segment struct {
	from, to record.Time
	start    []byte // packed: one full update
	rest     []byte // packed: updates, a line each
}

func (s *segment) size() int { return len(s.start) + len(s.rest) }

// history belongs to the goroutine that keeps updates; others look at it under the lock that add and begin take.
type history struct {
	most   int
	size   int // of the closed segments
	closed []segment

	from   record.Time // of the open one
	to     record.Time
	start  []byte // as text
	rest   []byte
	opened bool
	whole  bool // nothing has been forgotten

	enc *zstd.Encoder
}

// due reports whether a segment begins with the next update.
func (h *history) due() bool {
	return !h.opened || len(h.rest) >= max(min(leastSegment, h.most/8), growth*len(h.start)) || h.to-h.from >= segmentTime && len(h.rest) > 0
}

// begin closes the open segment and begins another. The lock is held for moments only: packing takes longer.
func (h *history) begin(full *record.Update, mu *sync.RWMutex) {
	if h.enc == nil {
		h.enc, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(packLevel), zstd.WithEncoderConcurrency(1)) // the options are right
	}
	text := full.AppendJSON(nil)
	var old *segment
	first := !h.opened
	if h.opened {
		old = &segment{from: h.from, to: h.to, start: h.enc.EncodeAll(h.start, nil), rest: h.enc.EncodeAll(h.rest, nil)}
	}
	mu.Lock()
	defer mu.Unlock()
	if old != nil {
		h.closed = append(h.closed, *old)
		h.size += old.size()
	}
	h.from, h.to, h.start, h.rest, h.opened = full.T, full.T, text, nil, true
	h.whole = h.whole || first
	h.forget()
}

// forget lets the oldest segments go until what is left is within its bound. The open one stays.
func (h *history) forget() {
	n := 0
	for n < len(h.closed) && h.size+h.openBytes() > h.most {
		h.size -= h.closed[n].size()
		n++
	}
	if n > 0 {
		h.whole = false
		h.closed = slices.Clone(h.closed[n:]) // readers may have the old list
	}
}

// add adds an update to the open segment.
func (h *history) add(u *record.Update, mu *sync.RWMutex) {
	if !h.opened {
		return // it is in the beginning that follows
	}
	text := append(u.AppendJSON(nil), '\n')
	mu.Lock()
	defer mu.Unlock()
	h.rest = append(h.rest, text...)
	h.to = u.T
	h.forget()
}

func (h *history) openBytes() int { return len(h.start) + len(h.rest) }

// first is the first time that is known; 0 before there is any.
func (h *history) first() record.Time {
	if len(h.closed) > 0 {
		return h.closed[0].from
	}
	return h.from
}

// view is the segments as they are, the open one too. It may be read without the lock: what is in it does not change.
func (h *history) view() (v []piece) {
	for i := range h.closed {
		s := &h.closed[i]
		v = append(v, piece{from: s.from, to: s.to, start: s.start, rest: s.rest, packed: true})
	}
	if h.opened {
		v = append(v, piece{from: h.from, to: h.to, start: h.start, rest: h.rest})
	}
	return v
}

// piece is a segment as it is read.
type piece struct {
	from, to    record.Time
	start, rest []byte
	packed      bool
}

var unpacker = sync.OnceValue(func() *zstd.Decoder {
	d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked)) // the options are right
	return d
})

func (p *piece) text(b []byte) ([]byte, error) {
	if !p.packed {
		return b, nil
	}
	text, err := unpacker().DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("observer: unpack what was: %w", err)
	}
	return text, nil
}

// beginning is how everything stood at its beginning.
func (p *piece) beginning() (*record.Update, error) {
	text, err := p.text(p.start)
	if err != nil {
		return nil, err
	}
	return readUpdate(text)
}

// each calls fn with the updates, in order, until it returns false.
func (p *piece) each(fn func(*record.Update) bool) (more bool, err error) {
	text, err := p.text(p.rest)
	if err != nil {
		return false, err
	}
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		u, err := readUpdate(line)
		if err != nil {
			return false, err
		}
		if !fn(u) {
			return false, nil
		}
	}
	return true, nil
}

func readUpdate(text []byte) (*record.Update, error) {
	var u record.Update
	if err := json.Unmarshal(text, &u); err != nil {
		return nil, fmt.Errorf("observer: read what was: %w", err)
	}
	return &u, nil
}
