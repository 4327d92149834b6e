package coding

import (
	"fmt"
)

// Encoder makes the packets of one generation at its source. The zero value is ready for Reset and makes dense codes.
// It belongs to one goroutine.
//
// Source packets are the caller's: the encoder keeps the slices, copies nothing, and reads them whenever it codes, so
// their bytes must stay as they are until the next Reset. An algorithm that collects a generation from messages holds
// or retains these meanwhile.
type Encoder struct {
	// Code is how coefficients are chosen. Change it between packets as you like.
	Code Code
	// Seed is what the next coded packet's coefficients are drawn from. It is counted up with every packet and goes on
	// through Reset. Encoders that code the same generation must start with different seeds.
	Seed uint32

	gen     Generation
	terms   terms
	sources int // packets that Next has sent as they are

	store []byte // of rows
	rows  [][]byte
	dsts  [][]byte
	coefs []byte
}

// Reset starts on generation g, whose source packets are given. The error wraps [ErrShape] if they do not fit it; the
// encoder then has no generation. It allocates only if no earlier generation was as large.
func (e *Encoder) Reset(g Generation, packets [][]byte) error {
	e.gen = Generation{}
	if err := g.Check(); err != nil {
		return err
	}
	if err := g.checkPackets(packets); err != nil {
		return err
	}
	e.terms.set(packets, nil)
	if g.Last < g.Size {
		e.terms.set(packets[:g.K-1], packets[g.K-1])
	}
	e.store = grown(e.store, batchRows*g.K)
	e.rows, e.dsts = grown(e.rows, batchRows), grown(e.dsts, batchRows)
	e.coefs = grown(e.coefs, g.K)
	e.gen, e.sources = g, 0
	return nil
}

// Generation is the one being coded, or the zero Generation.
func (e *Encoder) Generation() Generation { return e.gen }

// Len is the most bytes that a packet of this generation takes: the buffer to offer to Next.
func (e *Encoder) Len() int { return e.gen.SeededLen() }

// Next writes the next packet of a systematic code into dst, and returns its length: first every source packet as it
// is, then coded packets for as long as it is called. The error wraps [ErrBuffer] or [ErrShape].
func (e *Encoder) Next(dst []byte) (int, error) {
	if e.sources >= e.gen.K {
		return e.Coded(dst)
	}
	n, err := e.Source(dst, e.sources)
	if err == nil {
		e.sources++
	}
	return n, err
}

// Source writes source packet i with its header into dst, and returns the length of both. This is the one place where
// a source packet is copied; [Generation.PutSource] avoids even that.
func (e *Encoder) Source(dst []byte, i int) (int, error) {
	if err := e.ready(); err != nil {
		return 0, err
	}
	n, err := e.gen.PutSource(dst, i)
	if err != nil {
		return 0, err
	}
	if err := room(dst, e.gen.SourceLen(i)); err != nil {
		return 0, err
	}
	if i < len(e.terms.whole) {
		return n + copy(dst[n:], e.terms.whole[i]), nil
	}
	return n + copy(dst[n:], e.terms.short), nil
}

// Coded writes a coded packet into dst, and returns its length, which is the generation's SeededLen. Calling it from
// the start makes a code that is not systematic.
func (e *Encoder) Coded(dst []byte) (int, error) {
	if err := e.readyToCode(dst); err != nil {
		return 0, err
	}
	payload := e.gen.putSeeded(dst, e.Code, e.Seed)
	row := e.coefs[:e.gen.K]
	e.Code.Coefficients(row, e.Seed)
	e.Seed++
	e.terms.by(e.Code, payload, row)
	return e.gen.SeededLen(), nil
}

// CodedAll writes a coded packet into each of dsts, as Coded would one after the other. Several at once are cheaper,
// since each source packet is then read once for all of them; four is a good number.
func (e *Encoder) CodedAll(dsts [][]byte) error {
	for _, dst := range dsts {
		if err := e.readyToCode(dst); err != nil {
			return err
		}
	}
	for len(dsts) > 0 && e.Code.Scheme == Dense {
		n := min(len(dsts), batchRows)
		e.codeBatch(dsts[:n])
		dsts = dsts[n:]
	}
	for _, dst := range dsts {
		if _, err := e.Coded(dst); err != nil {
			return err
		}
	}
	return nil
}

func (e *Encoder) codeBatch(dsts [][]byte) {
	k := e.gen.K
	for j, dst := range dsts {
		e.dsts[j], e.rows[j] = e.gen.putSeeded(dst, e.Code, e.Seed), e.store[j*k:(j+1)*k]
		e.Code.Coefficients(e.rows[j], e.Seed)
		e.Seed++
	}
	e.terms.matMul(e.dsts[:len(dsts)], e.rows[:len(dsts)])
}

// Combine writes the sum of coefs[i] times source packet i into dst as a vector packet, and returns its length, the
// generation's VectorLen: a fixed linear code such as the paper's a+b, which is coefs of 1 and 1. There must be K
// coefficients.
func (e *Encoder) Combine(dst, coefs []byte) (int, error) {
	if err := e.ready(); err != nil {
		return 0, err
	}
	if len(coefs) != e.gen.K {
		return 0, fmt.Errorf("%w: %d coefficients for a generation of %d", ErrShape, len(coefs), e.gen.K)
	}
	if err := room(dst, e.gen.VectorLen()); err != nil {
		return 0, err
	}
	vector, payload := e.gen.putVector(dst)
	copy(vector, coefs)
	e.terms.dot(payload, vector)
	return e.gen.VectorLen(), nil
}

func (e *Encoder) ready() error {
	if e.gen.K == 0 {
		return fmt.Errorf("%w: the encoder has no generation: call Reset", ErrShape)
	}
	return nil
}

func (e *Encoder) readyToCode(dst []byte) error {
	if err := e.ready(); err != nil {
		return err
	}
	if err := e.Code.check(); err != nil {
		return err
	}
	return room(dst, e.gen.SeededLen())
}
