package coding

import (
	"fmt"

	"github.com/ioverlay/ioverlay/coding/gf"
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
	picks [][]byte // terms of a sparse packet
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
	e.terms.whole, e.terms.short = append(e.terms.whole[:0], packets...), nil
	if g.Last < g.Size {
		e.terms.whole, e.terms.short = e.terms.whole[:g.K-1], packets[g.K-1]
	}
	e.store = grown(e.store, batchRows*g.K)
	e.rows, e.dsts = grown(e.rows, batchRows), grown(e.dsts, batchRows)
	e.picks, e.coefs = grown(e.picks, g.K), grown(e.coefs, g.K)
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
	if e.Code.Scheme == Dense {
		e.terms.dot(payload, row)
	} else {
		e.dotPicked(payload, row)
	}
	return e.gen.SeededLen(), nil
}

// dotPicked is terms.dot without the terms whose coefficient is 0, of which sparse codes have many.
func (e *Encoder) dotPicked(dst, row []byte) {
	last, n := row[len(row)-1], 0
	for i, p := range e.terms.whole {
		if c := row[i]; c != 0 {
			e.picks[n], row[n] = p, c
			n++
		}
	}
	gf.Dot(dst, e.picks[:n], row[:n])
	if e.terms.short != nil && last != 0 {
		gf.MulAdd(dst[:len(e.terms.short)], e.terms.short, last)
	}
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
