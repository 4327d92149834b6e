package coding

import "fmt"

// Packet is a source or coded packet of a generation, read from bytes of which it is a view.
type Packet struct {
	Generation
	Kind    Kind   // KindSource, KindSeeded or KindVector
	Index   int    // of a source packet
	Code    Code   // of a seeded packet
	Seed    uint32 // of a seeded packet
	Coefs   []byte // of a vector packet: K coefficients
	Payload []byte // Size bytes, or PacketSize(Index) of a source packet
}

// Parse reads a source, seeded or vector packet. It copies nothing: the packet is a view of b. The error wraps
// [ErrShort], [ErrMalformed], [ErrVersion] or [ErrKind].
func Parse(b []byte) (p Packet, err error) {
	err = p.parse(b)
	return p, err
}

func (p *Packet) parse(b []byte) (err error) {
	if p.Kind, err = KindOf(b); err != nil {
		return err
	}
	if p.Kind < KindSource || p.Kind > KindVector {
		return p.otherKind()
	}
	if len(b) < headerLen {
		return fmt.Errorf("%w: %d of a header of %d", ErrShort, len(b), headerLen)
	}
	if p.Generation, err = generationOf(b); err != nil {
		return err
	}
	return p.parseBody(b)
}

// parseBody is parse behind generation and kind.
func (p *Packet) parseBody(b []byte) error {
	switch p.Kind {
	case KindSource:
		return p.parseSource(b)
	case KindSeeded:
		return p.parseSeeded(b)
	case KindVector:
		return p.parseVector(b)
	}
	return p.otherKind()
}

func (p *Packet) otherKind() error {
	return fmt.Errorf("%w: %v, where a source, seeded or vector packet belongs", ErrKind, p.Kind)
}

func (p *Packet) parseSource(b []byte) error {
	p.Index = int(b[3])
	if p.Index >= p.K {
		return fmt.Errorf("%w: source packet %d of %d", ErrMalformed, p.Index, p.K)
	}
	p.Payload = b[headerLen:]
	return wantLen(b, p.Kind, p.SourceLen(p.Index))
}

func (p *Packet) parseSeeded(b []byte) error {
	if err := wantLen(b, p.Kind, p.SeededLen()); err != nil {
		return err
	}
	code, err := codeOf(b[3], b[20], p.K)
	p.Code, p.Seed, p.Payload = code, be.Uint32(b[16:]), b[seededLen:]
	return err
}

func (p *Packet) parseVector(b []byte) error {
	if b[3] != 0 {
		return fmt.Errorf("%w: offset 3 of a vector packet is %d, not 0", ErrMalformed, b[3])
	}
	if err := wantLen(b, p.Kind, p.VectorLen()); err != nil {
		return err
	}
	p.Coefs, p.Payload = b[headerLen:headerLen+p.K], b[headerLen+p.K:]
	return nil
}

// codeOf reads a code over n packets from its two bytes, the scheme and the weight less 1 (0 for dense).
func codeOf(scheme, weight byte, n int) (Code, error) {
	c := Code{Scheme: Scheme(scheme)}
	switch {
	case c.Scheme > Band, c.Scheme == Dense && weight != 0, c.Scheme != Dense && int(weight) >= n:
		return c, fmt.Errorf("%w: scheme %d with weight byte %d over %d packets", ErrMalformed, scheme, weight, n)
	case c.Scheme != Dense:
		c.Weight = int(weight) + 1
	}
	return c, nil
}

// bytes are what codeOf reads.
func (c Code) bytes(n int) (scheme, weight byte) {
	if c.Scheme != Dense {
		weight = byte(min(c.Weight, n) - 1)
	}
	return byte(c.Scheme), weight
}

// Vector writes the packet's coefficients into dst, which has room for K: what it is made of, one coefficient for each
// source packet.
func (p *Packet) Vector(dst []byte) {
	dst = dst[:p.K]
	switch p.Kind {
	case KindSource:
		clear(dst)
		dst[p.Index] = 1
	case KindSeeded:
		p.Code.Coefficients(dst, p.Seed)
	default:
		copy(dst, p.Coefs)
	}
}

// PutSource writes the header of source packet i at the start of dst, and returns its length. An application that
// leaves that much room before its data has a source packet without a copy.
func (g Generation) PutSource(dst []byte, i int) (int, error) {
	if err := g.Check(); err != nil {
		return 0, err
	}
	if i < 0 || i >= g.K {
		return 0, fmt.Errorf("%w: source packet %d of %d", ErrShape, i, g.K)
	}
	if err := room(dst, headerLen); err != nil {
		return 0, err
	}
	g.put(dst, KindSource, byte(i))
	return headerLen, nil
}

// putSeeded writes the header of a seeded packet, and returns its payload. dst has room for all of it.
func (g Generation) putSeeded(dst []byte, c Code, seed uint32) (payload []byte) {
	scheme, weight := c.bytes(g.K)
	g.put(dst, KindSeeded, scheme)
	be.PutUint32(dst[16:], seed)
	dst[20] = weight
	return dst[seededLen : seededLen+g.Size]
}

// putVector writes the header of a vector packet but for its coefficients, and returns these and its payload. dst has
// room for all of it.
func (g Generation) putVector(dst []byte) (coefs, payload []byte) {
	g.put(dst, KindVector, 0)
	body := dst[headerLen : headerLen+g.K+g.Size]
	return body[:g.K], body[g.K:]
}
