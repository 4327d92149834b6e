package coding

import (
	"fmt"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// WindowEncoder codes a stream over a window that moves: the packets that the receiver has not confirmed. A coded
// packet repairs any loss in the window, so a receiver waits for the next coded packet rather than for a retransmission
// or for the end of a generation. The zero value is ready for Reset. It belongs to one goroutine.
//
// Source packets are the caller's: the encoder keeps the slices of the window, and copies nothing. They must stay as
// they are until the window has moved past them, which Feedback and Advance report.
type WindowEncoder struct {
	// Code is how coefficients are chosen. Change it between packets as you like.
	Code Code
	// Seed is what the next coded packet's coefficients are drawn from. It is counted up with every packet.
	Seed uint32

	stream Stream
	first  uint64   // number of packets[0]
	window [][]byte // the packets not confirmed
	coefs  []byte
}

// Reset starts a stream whose first packet will have number first. The error wraps [ErrShape].
func (e *WindowEncoder) Reset(s Stream, first uint64) error {
	e.stream = Stream{}
	if err := s.Check(); err != nil {
		return err
	}
	if first >= MaxSeq {
		return fmt.Errorf("%w: a stream from number %d", ErrShape, first)
	}
	clear(e.window[:cap(e.window)])
	e.window, e.coefs = grown(e.window, s.Window)[:0], grown(e.coefs, s.Window)
	e.stream, e.first = s, first
	return nil
}

// First is the number of the first packet in the window.
func (e *WindowEncoder) First() uint64 { return e.first }

// End is the number that the next packet pushed will have.
func (e *WindowEncoder) End() uint64 { return e.first + uint64(len(e.window)) }

// Push puts the next packet of the stream into the window, and returns its number. The error wraps [ErrWindowFull] or
// [ErrShape]; a full window means that the stream has to wait for feedback, or be moved by Advance.
func (e *WindowEncoder) Push(packet []byte) (seq uint64, err error) {
	seq = e.End()
	switch {
	case len(packet) != e.stream.Size || len(packet) == 0:
		return 0, fmt.Errorf("%w: a packet of %d bytes in a stream of %d", ErrShape, len(packet), e.stream.Size)
	case len(e.window) == e.stream.Window:
		return 0, fmt.Errorf("%w: packets %d to %d are not confirmed", ErrWindowFull, e.first, seq-1)
	case seq >= MaxSeq:
		return 0, fmt.Errorf("%w: the stream has used up its numbers", ErrShape)
	}
	e.window = append(e.window, packet)
	return seq, nil
}

// Source writes packet seq of the window with its header into dst, and returns the length of both. The error wraps
// [ErrStale] or [ErrAhead] if it is not in the window, or [ErrBuffer].
func (e *WindowEncoder) Source(dst []byte, seq uint64) (int, error) {
	switch {
	case seq < e.first:
		return 0, fmt.Errorf("%w: packet %d, the window starts at %d", ErrStale, seq, e.first)
	case seq >= e.End():
		return 0, fmt.Errorf("%w: packet %d, the window ends at %d", ErrAhead, seq, e.End())
	}
	if err := room(dst, e.stream.SourceLen()); err != nil {
		return 0, err
	}
	e.stream.put(dst, KindWindowSource, seq)
	return windowSourceLen + copy(dst[windowSourceLen:], e.window[seq-e.first]), nil
}

// Coded writes a coded packet of the whole window into dst, and returns its length. The error wraps [ErrIncomplete] if
// the window is empty, [ErrBuffer] or [ErrShape].
func (e *WindowEncoder) Coded(dst []byte) (int, error) {
	n := len(e.window)
	if n == 0 {
		return 0, fmt.Errorf("%w: the window is empty", ErrIncomplete)
	}
	if err := e.Code.check(); err != nil {
		return 0, err
	}
	if err := room(dst, e.stream.CodedLen()); err != nil {
		return 0, err
	}
	payload := e.stream.putCoded(dst, e.first, n, e.Code, e.Seed)
	e.Code.Coefficients(e.coefs[:n], e.Seed)
	e.Seed++
	gf.Dot(payload, e.window, e.coefs[:n])
	return e.stream.CodedLen(), nil
}

// Feedback moves the window to where the receiver is, and returns how many packets left it: they are the caller's
// again, in the order in which they were pushed. Old feedback moves nothing. With more receivers than one, give it the
// feedback of the slowest. The error wraps [ErrGeneration] for another stream, or [ErrAhead] for packets that were
// never sent.
func (e *WindowEncoder) Feedback(f WindowFeedback) (released int, err error) {
	if f.Stream != e.stream.ID || e.stream.Size == 0 {
		return 0, fmt.Errorf("%w: feedback on stream %d to stream %d", ErrGeneration, f.Stream, e.stream.ID)
	}
	if err := f.check(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if f.End > e.End() {
		return 0, fmt.Errorf("%w: feedback up to %d, sent up to %d", ErrAhead, f.End, e.End())
	}
	return e.Advance(f.Next), nil
}

// Advance moves the window to start at first, whatever the receiver has, and returns how many packets left it. A live
// stream gives packets up this way that are too late to matter; the decoder has to SkipTo them.
func (e *WindowEncoder) Advance(first uint64) (released int) {
	if first <= e.first {
		return 0
	}
	n := int(min(first-e.first, uint64(len(e.window))))
	left := copy(e.window, e.window[n:])
	clear(e.window[left:])
	e.window, e.first = e.window[:left], e.first+uint64(n)
	return n
}
