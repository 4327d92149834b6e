package coding

import "fmt"

// Recoder makes new coded packets of a generation out of received ones, without decoding: what a relay does. The zero
// value is ready for Reset. It belongs to one goroutine.
//
// It keeps no bytes of its own but coefficients. A packet that Add calls Innovative stays the caller's, and must stay
// as it is until the next Reset: an algorithm returns core.Hold for its message, or retains it.
type Recoder struct {
	// Code is how many of the packets at hand, and which, go into a new one.
	Code Code
	// Seed is what the factors of new packets are drawn from. Relays must start with different seeds, or two of them
	// that hold the same packets make the same new ones; the node's random numbers are there for that.
	Seed uint64

	gate
	rank    eliminator
	terms   terms    // payloads
	vectors [][]byte // coefficients of terms.whole; that of terms.short is the last unit vector
	bodies  terms    // coefficients and payload, side by side, of all packets at hand while these are vector packets
	parted  bool     // some are not
	factors []byte

	store   []byte // of vectors
	mixes   []byte // of rows
	rows    [][]byte
	payload [][]byte
}

// Reset starts on generation g and forgets all packets. It allocates only if no earlier generation was as large.
func (r *Recoder) Reset(g Generation) error {
	r.gate = gate{}
	if err := g.Check(); err != nil {
		return err
	}
	r.rank.reset(g.K, false)
	r.store, r.factors = grown(r.store, g.K*g.K), grown(r.factors, g.K)
	r.vectors, r.parted = r.vectors[:0], false
	r.bodies.set(nil, nil)
	r.terms.set(nil, nil)
	r.mixes = grown(r.mixes, batchRows*g.K)
	r.rows, r.payload = grown(r.rows, batchRows), grown(r.payload, batchRows)
	r.set(g)
	return nil
}

// Generation is the one being recoded, or the zero Generation.
func (r *Recoder) Generation() Generation { return r.gen }

// Rank is the number of innovative packets at hand.
func (r *Recoder) Rank() int { return r.rank.rank() }

// Add takes a packet. If it is Innovative the recoder keeps b; if it is Redundant the caller may drop it: it holds
// nothing that the packets at hand do not. Errors are those of [Parse], and [ErrGeneration].
func (r *Recoder) Add(b []byte) (Result, error) {
	var p Packet
	if err := r.read(&p, b); err != nil {
		return Redundant, err
	}
	if r.Rank() == r.gen.K || !r.innovative(&p) {
		return Redundant, nil
	}
	if p.Kind == KindVector {
		r.bodies.whole = append(r.bodies.whole, b[headerLen:])
		r.vectors, r.terms.whole = append(r.vectors, p.Coefs), append(r.terms.whole, p.Payload)
		return Innovative, nil
	}
	r.parted = true
	if len(p.Payload) < r.gen.Size {
		r.terms.short = p.Payload
		return Innovative, nil
	}
	n := len(r.vectors)
	vector := r.store[n*r.gen.K : (n+1)*r.gen.K]
	p.Vector(vector)
	r.vectors, r.terms.whole = append(r.vectors, vector), append(r.terms.whole, p.Payload)
	return Innovative, nil
}

func (r *Recoder) innovative(p *Packet) bool {
	if p.Kind == KindSource {
		return r.rank.addSource(p.Index)
	}
	p.Vector(r.rank.next())
	return r.rank.addRow()
}

// Recode writes a new coded packet into dst, and returns its length, the generation's VectorLen. The error wraps
// [ErrIncomplete] if there is nothing to recode, and [ErrBuffer] or [ErrShape].
func (r *Recoder) Recode(dst []byte) (int, error) {
	if err := r.readyToCode(dst); err != nil {
		return 0, err
	}
	factors := r.factors[:r.terms.count()]
	r.draw(factors)
	if !r.parted {
		r.gen.put(dst, KindVector, 0)
		r.bodies.by(r.Code, dst[headerLen:r.gen.VectorLen()], factors)
		return r.gen.VectorLen(), nil
	}
	vector, payload := r.gen.putVector(dst)
	r.combine(vector, factors)
	r.terms.by(r.Code, payload, factors)
	return r.gen.VectorLen(), nil
}

// RecodeAll writes a new coded packet into each of dsts, as Recode would one after the other. Several at once are cheaper, since each packet at hand is then
// read once for all of them.
func (r *Recoder) RecodeAll(dsts [][]byte) error {
	for _, dst := range dsts {
		if err := r.readyToCode(dst); err != nil {
			return err
		}
	}
	for len(dsts) > 0 && r.Code.Scheme == Dense {
		n := min(len(dsts), batchRows)
		r.recodeBatch(dsts[:n])
		dsts = dsts[n:]
	}
	for _, dst := range dsts {
		if _, err := r.Recode(dst); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recoder) recodeBatch(dsts [][]byte) {
	n := r.terms.count()
	if !r.parted {
		for j, dst := range dsts {
			r.rows[j] = r.mixes[j*n : (j+1)*n]
			r.draw(r.rows[j])
			r.gen.put(dst, KindVector, 0)
			r.payload[j] = dst[headerLen:r.gen.VectorLen()]
		}
		r.bodies.matMul(r.payload[:len(dsts)], r.rows[:len(dsts)])
		return
	}
	for j, dst := range dsts {
		factors := r.mixes[j*n : (j+1)*n]
		r.draw(factors)
		vector, payload := r.gen.putVector(dst)
		r.combine(vector, factors)
		r.rows[j], r.payload[j] = factors, payload
	}
	r.terms.matMul(r.payload[:len(dsts)], r.rows[:len(dsts)])
}

// draw chooses a factor for each packet at hand.
func (r *Recoder) draw(factors []byte) {
	seed := splitMix{r.Seed}
	r.Code.Coefficients(factors, uint32(seed.next()>>32))
	r.Seed = seed.state
}

// combine is what terms.dot does, for the coefficients.
func (r *Recoder) combine(vector, factors []byte) {
	whole := terms{whole: r.vectors}
	whole.dot(vector, factors)
	if r.terms.short != nil {
		vector[r.gen.K-1] ^= factors[len(r.vectors)]
	}
}

func (r *Recoder) readyToCode(dst []byte) error {
	if r.Rank() == 0 || r.gen.K == 0 {
		return fmt.Errorf("%w: nothing to recode", ErrIncomplete)
	}
	if err := r.Code.check(); err != nil {
		return err
	}
	return room(dst, r.gen.VectorLen())
}
