package coding

import (
	"bytes"
	"fmt"
)

// Poison is a packet whose payload is not what its coefficients say, so that everything computed from it is wrong. What
// is found and what is not is said in docs/coding.md.

// Suspect is a packet that was proven to be poisoned.
type Suspect struct {
	From   uint32 // who delivered it, as AddFrom was told; he may have got it so himself
	Packet []byte // as Add was given it
}

// Verify checks all packets against the digests of their source. The error wraps [ErrPoisoned] if some do not have
// theirs, [ErrIncomplete] before Decode, or [ErrGeneration].
func (d *Decoder) Verify(of *Digests) error {
	if err := of.mustBe(d.gen); err != nil {
		return err
	}
	wrong := 0
	for i, p := range d.sources {
		if p == nil {
			return fmt.Errorf("%w: packet %d is not decoded", ErrIncomplete, i)
		}
		if !of.Check(i, p) {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%w: %d of %d packets decoded do not have their digest", ErrPoisoned, wrong, d.gen.K)
	}
	return nil
}

// CheckSpares compares the spares with what was decoded, for those who have no digests. An error that wraps
// [ErrPoisoned] says that some packet, which may be any, was poisoned. Without spares it finds nothing.
func (d *Decoder) CheckSpares() error {
	if !d.Complete() || d.sources[0] == nil || len(d.Missing(nil)) > 0 {
		return fmt.Errorf("%w: nothing is decoded", ErrIncomplete)
	}
	if n := len(d.contradicted()); n > 0 {
		return fmt.Errorf("%w: %d packets contradict what was decoded", ErrPoisoned, n)
	}
	return nil
}

// Diagnose finds which packets are poisoned, and recovers the generation if the others suffice. It is for after Verify
// has failed.
//
// It leaves packets out, decodes from the others, and looks whether the result has its digests: first the source
// packets that do not have theirs, then besides them all that one upstream delivered, then besides them one packet. That
// is at most one attempt more than there are upstreams and packets kept, and each costs the elimination of coefficients
// and one packet's decoding. When the generation is recovered, every packet is compared with it, so that all poisoned
// ones are found, whoever delivered them.
//
// dst is as in Decode, with a buffer for every packet; it may be the same. Suspects are in order of arrival. The error
// wraps [ErrPoisoned] if the generation was not recovered; then only poisoned source packets are among the suspects,
// and the contents of dst are undefined. Diagnose allocates.
func (d *Decoder) Diagnose(of *Digests, dst [][]byte) ([]Suspect, error) {
	if err := of.mustBe(d.gen); err != nil {
		return nil, err
	}
	if !d.Complete() {
		return nil, fmt.Errorf("%w: rank %d of %d", ErrIncomplete, d.Rank(), d.gen.K)
	}
	if len(dst) != d.gen.K {
		return nil, fmt.Errorf("%w: %d buffers for %d packets", ErrBuffer, len(dst), d.gen.K)
	}
	for i, b := range dst {
		if len(b) < d.gen.PacketSize(i) {
			return nil, fmt.Errorf("%w: %d bytes for packet %d of %d", ErrBuffer, len(b), i, d.gen.PacketSize(i))
		}
	}
	wrong := d.wrongSources(of)
	if d.rescue(of, dst, wrong) {
		return d.contradicted(), nil
	}
	var suspects []Suspect
	for n, a := range d.arrived {
		if wrong[n] {
			suspects = append(suspects, Suspect{a.from, a.bytes})
		}
	}
	return suspects, fmt.Errorf("%w: too many of %d to be left out", ErrPoisoned, len(d.arrived))
}

// wrongSources tells, by arrival, the source packets that do not have their digest.
func (d *Decoder) wrongSources(of *Digests) []bool {
	wrong := make([]bool, len(d.arrived))
	for n, a := range d.arrived {
		p, err := Parse(a.bytes)
		wrong[n] = err != nil || p.Kind == KindSource && !of.Check(p.Index, p.Payload)
	}
	return wrong
}

// rescue tries what Diagnose says, in its order.
func (d *Decoder) rescue(of *Digests, dst [][]byte, wrong []bool) bool {
	var without Decoder
	try := func(leaveOut func(n int, from uint32) bool) bool {
		if !d.decodeWithout(&without, of, dst, func(n int, a arrival) bool { return wrong[n] || leaveOut(n, a.from) }) {
			return false
		}
		copy(d.sources, without.sources)
		return true
	}
	if try(func(int, uint32) bool { return false }) {
		return true
	}
	for i, a := range d.arrived {
		if d.firstOf(a.from) == i && try(func(_ int, from uint32) bool { return from == a.from }) {
			return true
		}
	}
	for i := range d.arrived {
		if !wrong[i] && try(func(n int, _ uint32) bool { return n == i }) {
			return true
		}
	}
	return false
}

// firstOf is the number of the first packet that an upstream delivered.
func (d *Decoder) firstOf(from uint32) int {
	for i, a := range d.arrived {
		if a.from == from {
			return i
		}
	}
	return -1
}

// decodeWithout decodes from what is not left out, and reports whether the result has its digests.
func (d *Decoder) decodeWithout(sub *Decoder, of *Digests, dst [][]byte, leaveOut func(int, arrival) bool) bool {
	if sub.Reset(d.gen) != nil {
		return false
	}
	for n, a := range d.arrived {
		if leaveOut(n, a) {
			continue
		}
		if _, err := sub.Add(a.bytes); err != nil {
			return false
		}
	}
	if !sub.Complete() || !sub.probe(of, dst) {
		return false
	}
	return sub.Decode(dst) == nil && sub.Verify(of) == nil
}

// probe decodes one packet and checks its digest: a wrong guess is nearly always found here, at a K-th of the cost.
func (d *Decoder) probe(of *Digests, dst [][]byte) bool {
	if d.elim.n == 0 {
		return true
	}
	i := int(d.elim.pivot[0])
	if d.gen.PacketSize(i) < d.gen.Size {
		return true // the short one takes another way; Verify will see
	}
	d.gather()
	d.terms.dot(dst[i][:d.gen.Size], d.rows[0])
	return of.Check(i, dst[i][:d.gen.Size])
}

// contradicted are the kept packets that are not what they would have to be if all decoded packets are right.
func (d *Decoder) contradicted() (found []Suspect) {
	t := terms{whole: d.sources}
	if d.gen.Last < d.gen.Size {
		t = terms{whole: d.sources[:d.gen.K-1], short: d.sources[d.gen.K-1]}
	}
	vector, sum := make([]byte, d.gen.K), make([]byte, d.gen.Size)
	for _, a := range d.arrived {
		p, err := Parse(a.bytes)
		if err == nil {
			p.Vector(vector)
			t.dot(sum, vector)
		}
		if err != nil || !bytes.Equal(sum[:len(p.Payload)], p.Payload) {
			found = append(found, Suspect{a.from, a.bytes})
		}
	}
	return found
}
