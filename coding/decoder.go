package coding

import (
	"fmt"
	"slices"
)

// Result is what became of a packet that was given to a coder.
type Result uint8

// The results. Only Redundant leaves the packet's bytes free at once, with every coder.
const (
	// Redundant: it holds nothing new. Its payload was not looked at.
	Redundant Result = iota
	// Innovative: it brought the coder one packet further. A Decoder or Recoder keeps its bytes.
	Innovative
	// Spare: redundant, but kept by a Decoder that was asked for spares, to find poisoned packets with.
	Spare
)

func (r Result) String() string {
	switch r {
	case Redundant:
		return "redundant"
	case Innovative:
		return "innovative"
	case Spare:
		return "spare"
	}
	return fmt.Sprintf("result(%d)", uint8(r))
}

// Decoder recovers a generation in one go, when enough packets have come. The zero value is ready for Reset. It
// belongs to one goroutine.
//
// On arrival it works on coefficients alone. Decode then computes each missing source packet once, straight from the
// received bytes: the least work there is. It costs that work at the end; [Progressive] spreads it over the arrivals.
//
// Packets that Add calls Innovative or Spare stay the caller's. They must stay as they are until Decode has returned, or
// until Diagnose has, if it is used, and source packets as long as Packet is asked for them; at most until the next
// Reset. An algorithm returns core.Hold for their messages.
type Decoder struct {
	// Spares is how many redundant packets to keep for Diagnose. More of them find more poison.
	Spares int

	gate
	elim    eliminator
	sources [][]byte // by index: received or decoded; nil while missing
	coded   [][]byte // payloads, as the eliminator numbers them
	arrived []arrival
	spares  int // in arrived

	terms terms
	dsts  [][]byte
	rows  [][]byte
	store []byte // of rows
	cols  []uint8
	heads [][]byte
}

// arrival is a packet that was kept.
type arrival struct {
	bytes []byte
	from  uint32
}

// Reset starts on generation g and forgets all packets. It allocates only if no earlier generation was as large.
func (d *Decoder) Reset(g Generation) error {
	d.gate = gate{}
	if err := g.Check(); err != nil {
		return err
	}
	d.elim.reset(g.K, true)
	d.sources, d.coded = grown(d.sources, g.K), grown(d.coded, g.K)
	clear(d.sources)
	if most := g.K + max(d.Spares, 0); cap(d.arrived) < most {
		d.arrived = make([]arrival, 0, most)
	}
	d.arrived, d.spares = d.arrived[:0], 0
	d.set(g)
	return nil
}

// Generation is the one being decoded, or the zero Generation.
func (d *Decoder) Generation() Generation { return d.gen }

// Rank is the number of innovative packets so far.
func (d *Decoder) Rank() int { return d.elim.rank() }

// Complete reports whether the rank is full, so that Decode can be called.
func (d *Decoder) Complete() bool { return d.gen.K > 0 && d.Rank() == d.gen.K }

// Add takes a packet: AddFrom, for those who do not ask who sent it.
func (d *Decoder) Add(b []byte) (Result, error) { return d.AddFrom(b, 0) }

// AddFrom takes a packet and notes who delivered it, a number of the caller's by which Diagnose names the culprit. The
// decoder keeps b unless the result is Redundant. Errors are those of [Parse], and [ErrGeneration].
func (d *Decoder) AddFrom(b []byte, from uint32) (Result, error) {
	var p Packet
	if err := d.read(&p, b); err != nil {
		return Redundant, err
	}
	if d.Rank() < d.gen.K && d.innovative(&p) {
		d.arrived = append(d.arrived, arrival{b, from})
		return Innovative, nil
	}
	if d.spares < d.Spares {
		d.spares++
		d.arrived = append(d.arrived, arrival{b, from})
		return Spare, nil
	}
	return Redundant, nil
}

func (d *Decoder) innovative(p *Packet) bool {
	if p.Kind == KindSource {
		if !d.elim.addSource(p.Index) {
			return false
		}
		d.sources[p.Index] = p.Payload
		return true
	}
	p.Vector(d.elim.next())
	if !d.elim.addRow() {
		return false
	}
	d.coded[d.elim.n-1] = p.Payload
	return true
}

// Packet is source packet i, received or decoded, or nil while it is neither. A received one is a view of the bytes
// that Add was given, a decoded one of the buffer that Decode was given.
func (d *Decoder) Packet(i int) []byte {
	if i < 0 || i >= d.gen.K {
		return nil
	}
	return d.sources[i]
}

// Missing appends the indices of the source packets that were not received as they are, in ascending order: those for
// which Decode needs a buffer.
func (d *Decoder) Missing(dst []int) []int {
	for i := range d.gen.K {
		if d.sources[i] == nil {
			dst = append(dst, i)
		}
	}
	return dst
}

// Decode computes every missing source packet i into dst[i], which has PacketSize(i) bytes or more. dst has K entries;
// those of packets that were received as they are may be nil and are left alone. Packet then has them all, and another
// Decode does nothing. The error wraps [ErrIncomplete] or [ErrBuffer], and nothing was written.
func (d *Decoder) Decode(dst [][]byte) error {
	if !d.Complete() {
		return fmt.Errorf("%w: rank %d of %d", ErrIncomplete, d.Rank(), d.gen.K)
	}
	if len(dst) != d.gen.K {
		return fmt.Errorf("%w: %d buffers for %d packets", ErrBuffer, len(dst), d.gen.K)
	}
	for i, src := range d.sources {
		if src == nil && len(dst[i]) < d.gen.PacketSize(i) {
			return fmt.Errorf("%w: %d bytes for packet %d of %d", ErrBuffer, len(dst[i]), i, d.gen.PacketSize(i))
		}
	}
	d.solve(dst)
	return nil
}

// solve does what the last equation of eliminator says, for all its rows at once.
func (d *Decoder) solve(dst [][]byte) {
	n := d.elim.n
	if n == 0 || d.sources[d.elim.pivot[0]] != nil {
		return // every packet was received as it is, or has been decoded
	}
	d.gather()
	d.dsts = d.dsts[:0]
	last := -1 // the row of a missing last packet that is shorter than the others
	for r, p := range d.elim.pivot[:n] {
		d.sources[p] = dst[p][:d.gen.PacketSize(int(p))]
		if len(d.sources[p]) < d.gen.Size {
			last = r
			continue
		}
		d.dsts = append(d.dsts, d.sources[p])
	}
	rows := d.rows[:n]
	if last >= 0 {
		d.solveShort(d.sources[d.gen.K-1], rows[last])
		rows = slices.Delete(rows, last, last+1)
	}
	d.terms.matMul(d.dsts, rows)
}

// solveShort computes the last packet alone: the sums for the others are longer.
func (d *Decoder) solveShort(dst, row []byte) {
	d.heads = d.heads[:0]
	for _, p := range d.terms.whole {
		d.heads = append(d.heads, p[:len(dst)])
	}
	t := terms{whole: d.heads}
	t.dot(dst, row)
}

// gather lists what the missing packets are sums of, received source packets first, and the coefficients by row.
func (d *Decoder) gather() {
	k, n := d.gen.K, d.elim.n
	d.rows = grown(d.rows, n)
	d.terms.whole, d.terms.short = d.terms.whole[:0], nil
	if n == k { // only coded packets: the coefficients lie side by side already
		d.terms.whole = append(d.terms.whole, d.coded[:n]...)
		for r := range d.rows {
			d.rows[r] = d.elim.rows[r][k : 2*k]
		}
		return
	}
	d.store = grown(d.store, n*k)
	cols := d.gatherSources()
	d.terms.whole = append(d.terms.whole, d.coded[:n]...)
	last := d.sources[k-1]
	if d.elim.known[k-1] && len(last) < d.gen.Size {
		d.terms.short = last
	}
	for r, row := range d.elim.rows[:n] {
		to := d.store[r*k : (r+1)*k]
		for i, col := range cols {
			to[i] = row[col]
		}
		copy(to[len(cols):], row[k:k+n])
		if d.terms.short != nil {
			to[k-1] = row[k-1]
		}
		d.rows[r] = to
	}
}

// gatherSources lists the received source packets of full length, and returns their columns.
func (d *Decoder) gatherSources() []uint8 {
	d.cols = d.cols[:0]
	for i, src := range d.sources {
		if d.elim.known[i] && len(src) == d.gen.Size {
			d.terms.whole, d.cols = append(d.terms.whole, src), append(d.cols, uint8(i))
		}
	}
	return d.cols
}
