package coding_test

import (
	"encoding/binary"
	"math/bits"
)

// A slow codec, written from docs/coding.md alone: nothing in this file knows package coding. What it says of packets,
// digests and windows is held against the package in differential_test.go.

// Problems of a packet, as section 10 names them. If several apply, any may be reported.
type problems map[string]bool

func (p problems) if_(bad bool, name string) {
	if bad {
		p[name] = true
	}
}

// docDraw is SplitMix64, section 5.
type docDraw uint64

func (s *docDraw) draw() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *docDraw) below(n int) int { return int((s.draw() >> 32) * uint64(n) >> 32) }
func (s *docDraw) nonzero() byte   { return byte(1 + s.below(255)) }

// docCoefs are the coefficients that a seed stands for.
func docCoefs(seed uint32, scheme, weight, n int) []byte {
	s, c := docDraw(seed), make([]byte, n)
	switch scheme {
	case 0:
		some := false
		for i := 0; i < n; i += 8 {
			d := s.draw()
			for j := i; j < min(i+8, n); j++ {
				c[j] = byte(d >> (8 * (j - i)))
				some = some || c[j] != 0
			}
		}
		if !some {
			c[0] = 1
		}
	case 1:
		for i := range c {
			if s.below(n-i) < weight {
				c[i] = s.nonzero()
				weight--
			}
		}
	case 2:
		a := s.below(n)
		for j := range weight {
			c[(a+j)%n] = s.nonzero()
		}
	}
	return c
}

// docMul is the product of section 2.
func docMul(a, b byte) (p byte) {
	for x := uint(a); b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= byte(x)
		}
		if x <<= 1; x > 0xff {
			x ^= 0x11d
		}
	}
	return p
}

func docInverse(a byte) byte {
	for b := 1; b < 256; b++ {
		if docMul(a, byte(b)) == 1 {
			return byte(b)
		}
	}
	panic("0 has no inverse")
}

// docShape reads the header of section 4.
type docShape struct {
	k, size, last      int
	generation, stream uint32
}

func docHeader(b []byte, kinds ...byte) (s docShape, p problems, readable bool) {
	p = problems{}
	p.if_(len(b) > 0 && b[0] != 1, "version")
	if len(b) < 2 {
		p["short"] = true
		return s, p, false
	}
	known := false
	for _, k := range kinds {
		known = known || b[1] == k
	}
	p.if_(!known, "kind")
	if len(b) < 16 {
		p["short"] = true
		return s, p, false
	}
	s = docShape{k: int(b[2]) + 1, size: int(binary.BigEndian.Uint16(b[8:])) + 1, last: int(binary.BigEndian.Uint16(b[10:])) + 1,
		generation: binary.BigEndian.Uint32(b[4:]), stream: binary.BigEndian.Uint32(b[12:])}
	p.if_(b[2] == 0, "malformed")
	p.if_(s.last > s.size, "malformed")
	return s, p, known
}

// length notes a packet that has another length than its header says.
func (p problems) length(b []byte, want int) {
	p.if_(len(b) < want, "short")
	p.if_(len(b) > want, "malformed")
}

// code notes a scheme and weight that are none; section 4 has them for K and section 9 for a count.
func (p problems) code(scheme, weight byte, n int) {
	p.if_(scheme > 2, "malformed")
	p.if_(scheme == 0 && weight != 0, "malformed")
	p.if_(scheme > 0 && int(weight)+1 > n, "malformed")
}

// docPacket reads a source, seeded or vector packet: its coefficients and payload.
func docPacket(b []byte) (s docShape, coefs, payload []byte, p problems) {
	s, p, readable := docHeader(b, 1, 2, 3)
	if !readable {
		return s, nil, nil, p
	}
	switch b[1] {
	case 1:
		p.if_(int(b[3]) >= s.k, "malformed")
		size := s.size
		if int(b[3]) == s.k-1 {
			size = s.last
		}
		if p.length(b, 16+size); len(p) == 0 {
			coefs, payload = make([]byte, s.k), b[16:]
			coefs[b[3]] = 1
		}
	case 2:
		if len(b) < 21 {
			p["short"] = true
			break
		}
		p.code(b[3], b[20], s.k)
		if p.length(b, 21+s.size); len(p) == 0 {
			coefs, payload = docCoefs(binary.BigEndian.Uint32(b[16:]), int(b[3]), int(b[20])+1, s.k), b[21:]
		}
	case 3:
		p.if_(b[3] != 0, "malformed")
		if p.length(b, 16+s.k+s.size); len(p) == 0 {
			coefs, payload = b[16:16+s.k], b[16+s.k:]
		}
	}
	return s, coefs, payload, p
}

// docDigests reads a digests packet: section 8.
func docDigests(b []byte) (s docShape, each [][]byte, p problems) {
	s, p, readable := docHeader(b, 4)
	if !readable {
		return s, nil, p
	}
	size := map[byte]int{1: 8, 2: 16}[b[3]]
	if size == 0 {
		p["malformed"] = true
		return s, nil, p
	}
	if p.length(b, 16+s.k*size); len(p) == 0 {
		for i := range s.k {
			each = append(each, b[16+i*size:16+(i+1)*size])
		}
	}
	return s, each, p
}

// docXXH64 is XXH64 with seed 0, as its specification has it.
func docXXH64(b []byte) uint64 {
	const p1, p2, p3, p4, p5 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
	le := binary.LittleEndian
	round := func(acc, lane uint64) uint64 { return bits.RotateLeft64(acc+lane*p2, 31) * p1 }
	n, h := uint64(len(b)), uint64(0)
	if len(b) >= 32 {
		var zero uint64
		acc := [4]uint64{zero + p1, p2, 0, zero - p1}
		acc[0] += p2
		for ; len(b) >= 32; b = b[32:] {
			for i := range acc {
				acc[i] = round(acc[i], le.Uint64(b[8*i:]))
			}
		}
		for i, turn := range []int{1, 7, 12, 18} {
			h += bits.RotateLeft64(acc[i], turn)
		}
		for i := range acc {
			h = (h^round(0, acc[i]))*p1 + p4
		}
	} else {
		h = p5
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round(0, le.Uint64(b)), 27)*p1 + p4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^uint64(le.Uint32(b))*p1, 23)*p2 + p3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*p5, 11) * p1
	}
	h = (h ^ h>>33) * p2
	h = (h ^ h>>29) * p3
	return h ^ h>>32
}

// docFeedback reads feedback on generations: section 7.
func docFeedback(b []byte) (base, stream uint32, missing []int, p problems) {
	p = problems{}
	p.if_(len(b) > 0 && b[0] != 1, "version")
	p.if_(len(b) > 1 && b[1] != 5, "kind")
	if len(b) < 12 {
		p["short"] = true
		return 0, 0, nil, p
	}
	p.if_(b[2] > 64 || b[3] != 0, "malformed")
	p.length(b, 12+2*int(b[2]))
	for i := 12; i+2 <= min(len(b), 12+2*int(b[2])); i += 2 {
		n := int(binary.BigEndian.Uint16(b[i:]))
		p.if_(n > 256, "malformed")
		missing = append(missing, n)
	}
	return binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), missing, p
}

// docWindowPacket is a packet of section 9.
type docWindowPacket struct {
	stream  uint32
	first   uint64
	coefs   []byte // of first and those behind it
	payload []byte
}

func (w docWindowPacket) end() uint64 { return w.first + uint64(len(w.coefs)) }

func docWindow(b []byte) (w docWindowPacket, p problems) {
	p = problems{}
	p.if_(len(b) > 0 && b[0] != 1, "version")
	p.if_(len(b) > 1 && b[1] != 8 && b[1] != 9 && b[1] != 11, "kind")
	if len(b) < 16 || b[1] == 9 && len(b) < 24 || b[1] == 11 && len(b) < 20 {
		p["short"] = true
		return w, p
	}
	size := int(binary.BigEndian.Uint16(b[2:])) + 1
	w.stream, w.first = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint64(b[8:])
	p.if_(w.first >= 1<<63, "malformed")
	switch b[1] {
	case 8:
		if p.length(b, 16+size); len(p) == 0 {
			w.coefs, w.payload = []byte{1}, b[16:]
		}
	case 9:
		count := int(b[16]) + 1
		p.if_(w.first+uint64(count) > 1<<63, "malformed")
		p.code(b[17], b[18], count)
		p.if_(b[19] != 0, "malformed")
		if p.length(b, 24+size); len(p) == 0 {
			w.coefs, w.payload = docCoefs(binary.BigEndian.Uint32(b[20:]), int(b[17]), int(b[18])+1, count), b[24:]
		}
	case 11:
		count := int(b[16]) + 1
		p.if_(w.first+uint64(count) > 1<<63, "malformed")
		p.if_(b[17] != 0 || b[18] != 0 || b[19] != 0, "malformed")
		if p.length(b, 20+count+size); len(p) == 0 {
			w.coefs, w.payload = b[20:20+count], b[20+count:]
		}
	}
	return w, p
}

// docWindowFeedback reads feedback on a window.
func docWindowFeedback(b []byte) (stream uint32, next, end uint64, missing int, p problems) {
	p = problems{}
	p.if_(len(b) > 0 && b[0] != 1, "version")
	p.if_(len(b) > 1 && b[1] != 10, "kind")
	p.length(b, 24)
	if len(b) < 24 {
		return 0, 0, 0, 0, p
	}
	missing, stream = int(binary.BigEndian.Uint16(b[2:])), binary.BigEndian.Uint32(b[4:])
	next, end = binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	p.if_(end < next || end-next > 256 || end > 1<<63, "malformed")
	p.if_(end >= next && uint64(missing) > end-next, "malformed")
	return stream, next, end, missing, p
}

// docReceiver is the receiver of section 9, which remembers everything it may.
type docReceiver struct {
	stream       uint32
	size, window int
	next, end    uint64
	since        uint64            // nothing before it is kept: the stream's first, or after what was given up last
	known        map[uint64][]byte // delivered
	rows         []docRow          // in reduced echelon form
}

// docRow is an equation: a sum of packets that are not delivered yet, by number, is value.
type docRow struct {
	coefs map[uint64]byte
	value []byte
}

// lead is the lowest number in a row.
func (r docRow) lead() (lowest uint64, ok bool) {
	for n := range r.coefs {
		if !ok || n < lowest {
			lowest, ok = n, true
		}
	}
	return lowest, ok
}

// plus adds a multiple of another row.
func (r docRow) plus(o docRow, c byte) {
	for n, x := range o.coefs {
		if s := r.coefs[n] ^ docMul(x, c); s != 0 {
			r.coefs[n] = s
		} else {
			delete(r.coefs, n)
		}
	}
	for i, x := range o.value {
		r.value[i] ^= docMul(x, c)
	}
}

// add takes a packet and says what became of it: innovative, redundant, or the errors that it may be refused with.
func (d *docReceiver) add(b []byte) (result string, p problems) {
	w, p := docWindow(b)
	if len(p) > 0 {
		return "", p
	}
	if w.stream != d.stream || len(w.payload) != d.size {
		return "", problems{"generation": true}
	}
	if w.end() <= d.next {
		return "redundant", nil
	}
	oldest := d.since
	if d.next-d.since > uint64(d.window) {
		oldest = d.next - uint64(d.window)
	}
	p.if_(w.first < oldest, "stale")
	p.if_(w.end() > d.next+uint64(d.window) || len(w.coefs) > d.window, "ahead")
	if len(p) > 0 {
		return "", p
	}
	d.end = max(d.end, w.end())
	row := docRow{coefs: map[uint64]byte{}, value: append([]byte(nil), w.payload...)}
	for i, c := range w.coefs {
		n := w.first + uint64(i)
		if n < d.next {
			for j, x := range d.known[n] {
				row.value[j] ^= docMul(x, c)
			}
		} else if c != 0 {
			row.coefs[n] = c
		}
	}
	for _, r := range d.rows {
		n, _ := r.lead()
		if c := row.coefs[n]; c != 0 {
			row.plus(r, c)
		}
	}
	n, ok := row.lead()
	if !ok {
		return "redundant", nil
	}
	inverse := docInverse(row.coefs[n])
	scaled := docRow{coefs: map[uint64]byte{}, value: make([]byte, d.size)}
	scaled.plus(row, inverse)
	for _, r := range d.rows {
		if c := r.coefs[n]; c != 0 {
			r.plus(scaled, c)
		}
	}
	d.rows = append(d.rows, scaled)
	return "innovative", nil
}

// solved is the row that gives a packet alone, if there is one.
func (d *docReceiver) solved(n uint64) int {
	for i, r := range d.rows {
		if len(r.coefs) == 1 && r.coefs[n] != 0 {
			return i
		}
	}
	return -1
}

// deliver moves on over what is known, and before a number over what is not.
func (d *docReceiver) deliver(giveUpBefore uint64) (numbers []uint64, packets [][]byte) {
	for {
		at := d.solved(d.next)
		switch {
		case at >= 0:
			numbers, packets = append(numbers, d.next), append(packets, d.rows[at].value)
			d.known[d.next] = d.rows[at].value
			d.rows = append(d.rows[:at], d.rows[at+1:]...)
		case d.next < giveUpBefore:
			for i, r := range d.rows { // what has a part of it is of no use any more
				if r.coefs[d.next] != 0 {
					d.rows = append(d.rows[:i], d.rows[i+1:]...)
					break // it leads its row, so no other has one
				}
			}
			d.since = d.next + 1
		default:
			d.end = max(d.end, d.next)
			return numbers, packets
		}
		d.next++
	}
}

// feedback is kind 10.
func (d *docReceiver) feedback() []byte {
	b := make([]byte, 24)
	b[0], b[1] = 1, 10
	missing := int(d.end - d.next)
	for _, r := range d.rows {
		if n, _ := r.lead(); n < d.end {
			missing--
		}
	}
	binary.BigEndian.PutUint16(b[2:], uint16(missing))
	binary.BigEndian.PutUint32(b[4:], d.stream)
	binary.BigEndian.PutUint64(b[8:], d.next)
	binary.BigEndian.PutUint64(b[16:], d.end)
	return b
}
