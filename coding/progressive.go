package coding

import "fmt"

// Progressive recovers a generation while its packets arrive. It does more work than [Decoder] in all, but little of it
// is left for the last packet, and packets at the front can be delivered before the generation is complete. The zero
// value is ready for Reset. It belongs to one goroutine.
//
// It keeps none of the packets that it is given: their messages may go at once, whatever Add says.
type Progressive struct {
	gate
	elim  jordan
	ready int
}

// Reset starts on generation g. bufs are K buffers of Size bytes each, also for a shorter last packet: the decoder works
// in them, and buffer i holds source packet i in the end. They are the decoder's until the next Reset. The error wraps
// [ErrShape] or [ErrBuffer]. It allocates only if no earlier generation was as large.
func (d *Progressive) Reset(g Generation, bufs [][]byte) error {
	d.gate = gate{}
	if err := g.Check(); err != nil {
		return err
	}
	if len(bufs) != g.K {
		return fmt.Errorf("%w: %d buffers for %d packets", ErrBuffer, len(bufs), g.K)
	}
	for i, b := range bufs {
		if len(b) < g.Size {
			return fmt.Errorf("%w: %d bytes for packet %d; all need %d", ErrBuffer, len(b), i, g.Size)
		}
	}
	d.elim.reset(g.K, bufs)
	for i := range d.elim.bufs {
		d.elim.bufs[i] = d.elim.bufs[i][:g.Size]
	}
	d.set(g)
	d.ready = 0
	return nil
}

// Generation is the one being decoded, or the zero Generation.
func (d *Progressive) Generation() Generation { return d.gen }

// Rank is the number of innovative packets so far.
func (d *Progressive) Rank() int { return d.elim.rank }

// Complete reports whether all packets are decoded.
func (d *Progressive) Complete() bool { return d.gen.K > 0 && d.elim.rank == d.gen.K }

// Ready is how many packets at the front of the generation are decoded, so that they can be delivered in order.
func (d *Progressive) Ready() int { return d.ready }

// Packet is source packet i, or nil while it is not decoded.
func (d *Progressive) Packet(i int) []byte {
	if i < 0 || i >= d.gen.K || d.elim.state[i] != colSolved {
		return nil
	}
	return d.elim.bufs[i][:d.gen.PacketSize(i)]
}

// Add takes a packet and reports whether it was Innovative or Redundant. Errors are those of [Parse], and
// [ErrGeneration].
func (d *Progressive) Add(b []byte) (Result, error) {
	var p Packet
	if err := d.read(&p, b); err != nil {
		return Redundant, err
	}
	if d.Complete() {
		return Redundant, nil
	}
	p.Vector(d.elim.row)
	if !d.elim.add(p.Payload, 0) {
		return Redundant, nil
	}
	for d.ready < d.gen.K && d.elim.state[d.ready] == colSolved {
		d.ready++
	}
	return Innovative, nil
}
