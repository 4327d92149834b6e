package coding

import "fmt"

// Feedback says which generations of a stream a receiver still needs something of, and how much. Since any coded packet
// serves, it names no packets. A later one replaces an earlier one; losing one is no harm.
type Feedback struct {
	Stream uint32
	// Base is the first generation that is not complete. All before it are.
	Base uint32
	// Missing is how many innovative packets are needed of generations Base, Base+1 and so on: 0 for complete ones, K
	// for ones of which nothing came. At most MaxFeedback entries; nothing is said of generations behind them. In
	// numbering, the generation after 2^32-1 is 0.
	Missing []uint16
}

// Len is the length in bytes of the feedback's packet.
func (f *Feedback) Len() int { return feedbackLen + 2*len(f.Missing) }

// Put writes the feedback as a packet into dst, and returns its length. The error wraps [ErrShape] or [ErrBuffer].
func (f *Feedback) Put(dst []byte) (int, error) {
	if len(f.Missing) > MaxFeedback {
		return 0, fmt.Errorf("%w: feedback on %d generations, at most %d", ErrShape, len(f.Missing), MaxFeedback)
	}
	for i, m := range f.Missing {
		if m > MaxK {
			return 0, fmt.Errorf("%w: %d packets missing of generation %d, at most %d", ErrShape, m, f.Base+uint32(i), MaxK)
		}
	}
	if err := room(dst, f.Len()); err != nil {
		return 0, err
	}
	dst[0], dst[1], dst[2], dst[3] = Version, byte(KindFeedback), byte(len(f.Missing)), 0
	be.PutUint32(dst[4:], f.Base)
	be.PutUint32(dst[8:], f.Stream)
	for i, m := range f.Missing {
		be.PutUint16(dst[feedbackLen+2*i:], m)
	}
	return f.Len(), nil
}

// Parse reads what Put wrote into f, whose Missing it reuses. The error wraps [ErrShort], [ErrMalformed], [ErrVersion]
// or [ErrKind], and f is then unchanged.
func (f *Feedback) Parse(b []byte) error {
	if err := wantKind(b, KindFeedback, feedbackLen); err != nil {
		return err
	}
	n := int(b[2])
	if n > MaxFeedback || b[3] != 0 {
		return fmt.Errorf("%w: feedback on %d generations, offset 3 is %d", ErrMalformed, n, b[3])
	}
	if err := wantLen(b, KindFeedback, feedbackLen+2*n); err != nil {
		return err
	}
	for i := range n {
		if m := be.Uint16(b[feedbackLen+2*i:]); m > MaxK {
			return fmt.Errorf("%w: %d packets missing, at most %d", ErrMalformed, m, MaxK)
		}
	}
	f.Base, f.Stream, f.Missing = be.Uint32(b[4:]), be.Uint32(b[8:]), f.Missing[:0]
	for i := range n {
		f.Missing = append(f.Missing, be.Uint16(b[feedbackLen+2*i:]))
	}
	return nil
}
