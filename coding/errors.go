package coding

import "errors"

// What can go wrong. Every error of this package wraps one of these and adds the values that were seen. Those that a
// peer can cause (all but [ErrBuffer], [ErrShape], [ErrSingular] and [ErrIncomplete]) leave the coder as it was: drop the
// packet and go on. docs/coding.md lists the first three under the same names.
var (
	// ErrShort: fewer bytes than the header says, or than a header needs.
	ErrShort = errors.New("coding: too few bytes")
	// ErrMalformed: bytes that no version 1 sender writes.
	ErrMalformed = errors.New("coding: malformed packet")
	// ErrVersion: a packet of a version that this package does not speak.
	ErrVersion = errors.New("coding: unknown version")
	// ErrKind: a well-formed packet of a kind that this coder has no use for, such as feedback given to a decoder.
	ErrKind = errors.New("coding: packet of another kind")
	// ErrGeneration: a packet of another stream or generation, or of the same with another shape.
	ErrGeneration = errors.New("coding: packet of another generation")
	// ErrStale: a packet that combines packets which the window's decoder has forgotten.
	ErrStale = errors.New("coding: packet from before the window")
	// ErrAhead: a packet that begins behind what was not delivered yet, or ends beyond the decoder's window.
	ErrAhead = errors.New("coding: packet from beyond the window")
	// ErrPoisoned: decoded packets do not have the digests that their source announced.
	ErrPoisoned = errors.New("coding: poisoned packets")
	// ErrShape: a generation, window or matrix outside the limits, or packets that do not fit it.
	ErrShape = errors.New("coding: wrong shape")
	// ErrBuffer: a buffer of the caller's is too small.
	ErrBuffer = errors.New("coding: buffer too small")
	// ErrSingular: a matrix that has no inverse, or equations without exactly one solution.
	ErrSingular = errors.New("coding: singular matrix")
	// ErrIncomplete: more packets are needed first.
	ErrIncomplete = errors.New("coding: not enough packets")
	// ErrWindowFull: the encoder's window has no room until feedback moves it.
	ErrWindowFull = errors.New("coding: window full")
)
