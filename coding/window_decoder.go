package coding

import "fmt"

// WindowDecoder recovers a stream from source and coded packets of a moving window, and delivers it in order, each
// packet as soon as it and all before it are known. The zero value is ready for Reset. It belongs to one goroutine.
//
// It keeps none of the packets that it is given. It works in 2 × Window buffers: for the packets of the window that it
// waits for, and for as many that were delivered, since the encoder's window lags behind by the feedback's way.
//
// Its elimination finds pivots in the order of numbers. So a row has nothing before its pivot, and when a packet is
// given up, the rows behind it lose nothing.
type WindowDecoder struct {
	stream  Stream
	elim    jordan // column of packet seq: seq modulo its columns
	start   uint64 // no packet before it is remembered
	next    uint64 // first packet neither delivered nor given up
	end     uint64 // after the last that any packet received had a part of
	floor   uint64 // unknown packets before it are given up
	horizon uint64 // latest start of a coded packet
	skipped uint64
}

// Reset starts a stream whose first packet has number first. bufs are 2 × Window buffers of Size bytes; they are the
// decoder's until the next Reset. The error wraps [ErrShape] or [ErrBuffer].
func (d *WindowDecoder) Reset(s Stream, first uint64, bufs [][]byte) error {
	d.stream = Stream{}
	if err := s.Check(); err != nil {
		return err
	}
	if first >= MaxSeq {
		return fmt.Errorf("%w: a stream from number %d", ErrShape, first)
	}
	if len(bufs) != 2*s.Window {
		return fmt.Errorf("%w: %d buffers for a window of %d: need %d", ErrBuffer, len(bufs), s.Window, 2*s.Window)
	}
	for i, b := range bufs {
		if len(b) < s.Size {
			return fmt.Errorf("%w: %d bytes in buffer %d for packets of %d", ErrBuffer, len(b), i, s.Size)
		}
	}
	d.elim.reset(2*s.Window, bufs)
	for i := range d.elim.bufs {
		d.elim.bufs[i] = d.elim.bufs[i][:s.Size]
	}
	*d = WindowDecoder{stream: s, elim: d.elim, start: first, next: first, end: first, floor: first, horizon: first}
	return nil
}

// Next is the number of the packet that is delivered next.
func (d *WindowDecoder) Next() uint64 { return d.next }

// Skipped is how many packets were given up.
func (d *WindowDecoder) Skipped() uint64 { return d.skipped }

// Horizon is where the encoder's window started, as the latest coded packet says. If it is beyond Next, the encoder has
// given up what is before it: SkipTo it, unless older coded packets may still be under way. A liar can move it a window
// ahead, no further.
func (d *WindowDecoder) Horizon() uint64 { return d.horizon }

func (d *WindowDecoder) col(seq uint64) int { return int(seq % uint64(d.elim.cols)) }

// Add takes a packet of the stream, and reports whether it was Innovative or Redundant. After an innovative packet, call
// Deliver until it has no more. Errors are those of [ParseWindow], [ErrGeneration] for another stream or size,
// [ErrStale] for a packet that needs what was forgotten, and [ErrAhead] for one that ends more than a window beyond Next:
// if the encoder moved on by Advance, SkipTo its First, deliver what is there, and add it again.
func (d *WindowDecoder) Add(b []byte) (Result, error) {
	p, err := ParseWindow(b)
	if err != nil {
		return Redundant, err
	}
	if p.Stream != d.stream.ID || len(p.Payload) != d.stream.Size {
		return Redundant, fmt.Errorf("%w: stream %d with packets of %d bytes, where %d with %d is decoded",
			ErrGeneration, p.Stream, len(p.Payload), d.stream.ID, d.stream.Size)
	}
	if p.End() <= d.next {
		return Redundant, nil // nothing that is waited for
	}
	if err := d.reach(&p); err != nil {
		return Redundant, err
	}
	d.load(&p)
	d.end = max(d.end, p.End())
	if p.Kind != KindWindowSource {
		d.horizon = max(d.horizon, p.First)
	}
	if !d.elim.add(p.Payload, d.col(d.next)) {
		return Redundant, nil
	}
	return Innovative, nil
}

// reach tells a packet with a part outside of what the decoder can know.
func (d *WindowDecoder) reach(p *WindowPacket) error {
	window := uint64(d.stream.Window)
	switch {
	case p.First < d.oldest():
		return fmt.Errorf("%w: packets from %d, remembered from %d", ErrStale, p.First, d.oldest())
	case p.End()-d.next > window || p.Count > d.stream.Window:
		return fmt.Errorf("%w: packets %d to %d, the window is %d from %d", ErrAhead, p.First, p.End()-1, window, d.next)
	}
	return nil
}

// oldest is the first packet whose payload is still there.
func (d *WindowDecoder) oldest() uint64 {
	if d.next-d.start > uint64(d.stream.Window) {
		return d.next - uint64(d.stream.Window)
	}
	return d.start
}

// load writes the packet's coefficients into the elimination's columns.
func (d *WindowDecoder) load(p *WindowPacket) {
	row := d.elim.row
	clear(row)
	if p.Kind == KindWindowSource {
		row[d.col(p.First)] = 1
		return
	}
	// The columns are a ring: drawn side by side, then turned into place.
	var drawn [MaxWindow]byte
	coefs := p.Coefs
	if p.Kind == KindWindowCoded {
		coefs = drawn[:p.Count]
		p.Code.Coefficients(coefs, p.Seed)
	}
	at := d.col(p.First)
	n := copy(row[at:d.elim.cols], coefs)
	copy(row, coefs[n:])
}

// Deliver returns the next packet in order and its number, if it is known; a number that is left out was given up. The
// bytes stay as they are until Window more packets have been delivered or given up.
func (d *WindowDecoder) Deliver() (seq uint64, packet []byte, ok bool) {
	if d.elim.cols == 0 {
		return 0, nil, false
	}
	d.giveUp()
	col := d.col(d.next)
	if d.elim.state[col] != colSolved {
		return d.next, nil, false
	}
	seq = d.next
	d.step()
	return seq, d.elim.bufs[col], true
}

// SkipTo gives up the packets before seq that are not known: Deliver passes them over, and goes on delivering the
// others. It is for live streams, in which late is lost.
func (d *WindowDecoder) SkipTo(seq uint64) { d.floor = max(d.floor, min(seq, MaxSeq)) }

// giveUp moves next to the first packet that is known or may still be waited for.
func (d *WindowDecoder) giveUp() {
	for n := 0; d.next < d.floor && d.elim.state[d.col(d.next)] != colSolved; n++ {
		if n == d.elim.cols { // once around: nothing is known any more
			d.skipped += d.floor - d.next
			d.next = d.floor
		} else {
			d.elim.forget(d.col(d.next))
			d.step()
			d.skipped++
		}
		// A packet that has a part of this one can be solved no more, nor can what is before be of use to it.
		d.start = d.next
	}
	d.end = max(d.end, d.next)
}

// step moves on to the next packet. A packet comes into reach that has the column of the oldest one, which is forgotten
// now.
func (d *WindowDecoder) step() {
	d.elim.forget(d.col(d.next + uint64(d.stream.Window)))
	d.next++
}

// Feedback says what the decoder has, for the encoder.
func (d *WindowDecoder) Feedback() WindowFeedback {
	f := WindowFeedback{Stream: d.stream.ID, Next: d.next, End: d.end, Missing: int(d.end - d.next)}
	for seq := d.next; seq < d.end; seq++ {
		if d.elim.state[d.col(seq)] != colFree {
			f.Missing--
		}
	}
	return f
}
