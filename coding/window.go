package coding

import "fmt"

// Stream names a stream that is coded by a sliding window, and gives its shape. Both ends must agree on it: the header
// has the name and the size, and each packet is checked against them.
type Stream struct {
	// ID tells apart what several sources send in one application.
	ID uint32
	// Size is the length in bytes of every packet, from 1 to MaxSize. Whoever has packets of different lengths puts the
	// length into the packet.
	Size int
	// Window is how many packets the encoder has under way at most, from 1 to MaxWindow. The decoder's memory is twice
	// as many packets.
	Window int
}

// Check tells whether the shape is within the limits. The error wraps [ErrShape].
func (s Stream) Check() error {
	if s.Size < 1 || s.Size > MaxSize || s.Window < 1 || s.Window > MaxWindow {
		return fmt.Errorf("%w: window of %d packets of %d bytes: need 1 to %d of 1 to %d", ErrShape, s.Window, s.Size, MaxWindow, MaxSize)
	}
	return nil
}

// SourceLen is the length in bytes of a packet of the stream with its header.
func (s Stream) SourceLen() int { return windowSourceLen + s.Size }

// CodedLen is the length in bytes of a coded packet.
func (s Stream) CodedLen() int { return windowCodedLen + s.Size }

// WindowPacket is a packet of a stream, read from bytes of which it is a view: a source packet, or a coded packet of
// some that follow each other.
type WindowPacket struct {
	Kind    Kind // KindWindowSource, KindWindowCoded or KindWindowVector
	Stream  uint32
	First   uint64 // number of the first packet combined, or of the source packet
	Count   int    // of packets combined; 1 for a source packet
	Code    Code
	Seed    uint32
	Coefs   []byte // of a KindWindowVector: Count coefficients
	Payload []byte
}

// End is the number after the last packet combined.
func (p *WindowPacket) End() uint64 { return p.First + uint64(p.Count) }

// ParseWindow reads a source, coded or vector packet of a stream. It copies nothing. The error wraps [ErrShort],
// [ErrMalformed], [ErrVersion] or [ErrKind].
func ParseWindow(b []byte) (p WindowPacket, err error) {
	if p.Kind, err = KindOf(b); err != nil {
		return p, err
	}
	head := windowSourceLen
	switch p.Kind {
	case KindWindowSource:
	case KindWindowCoded:
		head = windowCodedLen
	case KindWindowVector:
		head = windowVectorLen
	default:
		return p, fmt.Errorf("%w: %v, where a packet of a window belongs", ErrKind, p.Kind)
	}
	if len(b) < head {
		return p, fmt.Errorf("%w: %d of a header of %d", ErrShort, len(b), head)
	}
	p.Stream, p.First, p.Count = be.Uint32(b[4:]), be.Uint64(b[8:]), 1
	if p.Kind == KindWindowCoded {
		p.Count, p.Seed = int(b[16])+1, be.Uint32(b[20:])
		if p.Code, err = codeOf(b[17], b[18], p.Count); err != nil {
			return p, err
		}
		if b[19] != 0 {
			return p, fmt.Errorf("%w: offset 19 of a window-coded packet is %d, not 0", ErrMalformed, b[19])
		}
	}
	if p.Kind == KindWindowVector {
		if b[17]|b[18]|b[19] != 0 {
			return p, fmt.Errorf("%w: offsets 17 to 19 of a window-vector packet are %d, %d and %d, not 0", ErrMalformed, b[17], b[18], b[19])
		}
		p.Count = int(b[16]) + 1
		head += p.Count
	}
	if p.First >= MaxSeq || p.End() > MaxSeq {
		return p, fmt.Errorf("%w: %d packets from number %d", ErrMalformed, p.Count, p.First)
	}
	if err := wantLen(b, p.Kind, head+int(be.Uint16(b[2:]))+1); err != nil {
		return p, err
	}
	if p.Payload = b[head:]; p.Kind == KindWindowVector {
		p.Coefs = b[windowVectorLen:head]
	}
	return p, nil
}

// PutSource writes the header of packet seq at the start of dst, and returns its length. An application that leaves
// that much room before its data has a packet of the stream without a copy.
func (s Stream) PutSource(dst []byte, seq uint64) (int, error) {
	if err := s.Check(); err != nil {
		return 0, err
	}
	if seq >= MaxSeq {
		return 0, fmt.Errorf("%w: packet number %d", ErrShape, seq)
	}
	if err := room(dst, windowSourceLen); err != nil {
		return 0, err
	}
	s.put(dst, KindWindowSource, seq)
	return windowSourceLen, nil
}

func (s Stream) put(dst []byte, kind Kind, seq uint64) {
	dst[0], dst[1] = Version, byte(kind)
	be.PutUint16(dst[2:], uint16(s.Size-1))
	be.PutUint32(dst[4:], s.ID)
	be.PutUint64(dst[8:], seq)
}

// putCoded writes the header of a coded packet, and returns its payload. dst has room for all of it.
func (s Stream) putCoded(dst []byte, first uint64, count int, c Code, seed uint32) (payload []byte) {
	s.put(dst, KindWindowCoded, first)
	dst[16], dst[19] = byte(count-1), 0
	dst[17], dst[18] = c.bytes(count)
	be.PutUint32(dst[20:], seed)
	return dst[windowCodedLen : windowCodedLen+s.Size]
}

// WindowFeedback is what a receiver has of a stream. A later one replaces an earlier one; losing one is no harm.
type WindowFeedback struct {
	Stream uint32
	// Next is the first packet that was not delivered in order: the encoder's window may start there.
	Next uint64
	// End is the number after the last packet that any packet received had a part of.
	End uint64
	// Missing is how many innovative packets are needed to deliver all before End.
	Missing int
}

// Put writes the feedback as a packet into dst, and returns its length, 24. The error wraps [ErrShape] or [ErrBuffer].
func (f WindowFeedback) Put(dst []byte) (int, error) {
	if err := f.check(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrShape, err)
	}
	if err := room(dst, windowFeedbackLen); err != nil {
		return 0, err
	}
	dst[0], dst[1] = Version, byte(KindWindowFeedback)
	be.PutUint16(dst[2:], uint16(f.Missing))
	be.PutUint32(dst[4:], f.Stream)
	be.PutUint64(dst[8:], f.Next)
	be.PutUint64(dst[16:], f.End)
	return windowFeedbackLen, nil
}

// ParseWindowFeedback reads what Put wrote. The error wraps [ErrShort], [ErrMalformed], [ErrVersion] or [ErrKind].
func ParseWindowFeedback(b []byte) (f WindowFeedback, err error) {
	if err := wantKind(b, KindWindowFeedback, windowFeedbackLen); err != nil {
		return f, err
	}
	if err := wantLen(b, KindWindowFeedback, windowFeedbackLen); err != nil {
		return f, err
	}
	f = WindowFeedback{Stream: be.Uint32(b[4:]), Next: be.Uint64(b[8:]), End: be.Uint64(b[16:]), Missing: int(be.Uint16(b[2:]))}
	if err := f.check(); err != nil {
		return WindowFeedback{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return f, nil
}

func (f WindowFeedback) check() error {
	if f.End > MaxSeq || f.End < f.Next || f.End-f.Next > MaxWindow || f.Missing < 0 || uint64(f.Missing) > f.End-f.Next {
		return fmt.Errorf("window feedback from %d to %d with %d missing", f.Next, f.End, f.Missing)
	}
	return nil
}
