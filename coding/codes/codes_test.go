package codes_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/codes"
)

func block(k, size int, seed uint64) (packets [][]byte) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range k {
		p := make([]byte, size)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		packets = append(packets, p)
	}
	return packets
}

// slow is a decoder of linear codes as a textbook has it: all coefficients in one table, one byte after the other, from
// the definition of the field. It is told what a packet is a sum of.
type slow struct {
	k    int
	rows [][]byte // coefficients, and behind them the payload
}

// times is the product of two elements, bit by bit.
func times(a, b byte) (p byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1d
	}
	return p
}

func inverse(a byte) byte {
	for b := 1; b < 256; b++ {
		if times(a, byte(b)) == 1 {
			return byte(b)
		}
	}
	panic("no inverse of 0")
}

func (s *slow) add(coefs, payload []byte) {
	row := append(bytes.Clone(coefs), payload...)
	for _, r := range s.rows {
		lead := 0
		for r[lead] == 0 {
			lead++
		}
		if c := row[lead]; c != 0 {
			for i := range row {
				row[i] ^= times(r[i], c)
			}
		}
	}
	for lead := range s.k {
		if row[lead] == 0 {
			continue
		}
		c := inverse(row[lead])
		for i := range row {
			row[i] = times(row[i], c)
		}
		for _, r := range s.rows {
			if c := r[lead]; c != 0 {
				for i := range r {
					r[i] ^= times(row[i], c)
				}
			}
		}
		s.rows = append(s.rows, row)
		return
	}
}

// sumOf says which sum of a block a packet is: a code is linear, so its packets of the block in
// which one source packet is 1 and all others 0 are the coefficients.
func sumOf(t *rapid.T, c codes.Code, seed uint32, nth int) []byte {
	const size = 64 // GF(2^16) wants as much
	units := make([][]byte, c.K())
	for i := range units {
		units[i] = make([]byte, c.K()*size)
		units[i][i*size] = 1
	}
	e, err := c.NewEncoder(units, seed)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, c.HeaderLen()+c.K()*size)
	for range nth + 1 {
		if err := e.Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	row := make([]byte, c.K())
	for i := range row {
		row[i] = p[c.HeaderLen()+i*size]
	}
	return row
}

// Whatever is lost, and in whatever order the rest comes, each code gives the block back as soon as an oracle that knows
// nothing but what packets are sums of can, and the same.
func TestCodesAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(codes.Names()).Draw(t, "code")
		k, size := rapid.IntRange(2, 12).Draw(t, "k"), rapid.IntRange(1, 20).Draw(t, "size")
		seed := rapid.Uint32().Draw(t, "seed")
		c, err := codes.New(name, k)
		if err != nil {
			t.Fatal(err)
		}
		packets := block(k, size, uint64(seed))
		e, err := c.NewEncoder(packets, seed)
		if err != nil {
			t.Fatal(err)
		}
		d, err := c.NewDecoder(size)
		if err != nil {
			t.Fatal(err)
		}
		type sent struct {
			nth    int
			packet []byte
		}
		var way []sent
		for nth := range 3 * k {
			p := make([]byte, c.HeaderLen()+size)
			if err := e.Encode(p); errors.Is(err, codes.ErrExhausted) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 3).Draw(t, "lost") > 0 {
				way = append(way, sent{nth, p})
			}
		}
		way = rapid.Permutation(way).Draw(t, "order")
		o := &slow{k: k}
		dst := block(k, size, 99)
		for _, s := range way {
			if d.Complete() {
				break
			}
			if d.Decode(dst) == nil {
				t.Fatal("decoded too early")
			}
			before := len(o.rows)
			o.add(sumOf(t, c, seed, s.nth), s.packet[c.HeaderLen():])
			useful, err := d.Add(s.packet)
			if err != nil || !useful && len(o.rows) > before {
				t.Fatalf("%s, k %d: packet %d: useful %v, %v; rank %d to %d", name, k, s.nth, useful, err, before, len(o.rows))
			}
			if d.Complete() != (len(o.rows) == k) {
				t.Fatalf("%s, k %d: complete %v with rank %d", name, k, d.Complete(), len(o.rows))
			}
		}
		if !d.Complete() {
			return
		}
		if err := d.Decode(dst); err != nil {
			t.Fatal(err)
		}
		for i := range dst {
			if !bytes.Equal(dst[i], packets[i]) {
				t.Fatalf("%s, k %d: packet %d is wrong", name, k, i)
			}
		}
	})
}

// Long blocks: more than the 256 packets of a generation, in GF(2^16) too.
func TestLongBlocks(t *testing.T) {
	const k, size = 400, 64
	packets := block(k, size, 1)
	for _, name := range codes.Names() {
		c, err := codes.New(name, k)
		if err != nil {
			t.Fatal(err)
		}
		e, err := c.NewEncoder(packets, 7)
		if err != nil {
			t.Fatal(err)
		}
		d, err := c.NewDecoder(size)
		if err != nil {
			t.Fatal(err)
		}
		taken := 0
		for nth := 0; !d.Complete(); nth++ {
			p := make([]byte, c.HeaderLen()+size)
			if err := e.Encode(p); err != nil {
				t.Fatalf("%s: %v after %d", name, err, nth)
			}
			if nth%7 == 3 {
				continue // lost
			}
			if _, err := d.Add(p); err != nil {
				t.Fatal(err)
			}
			taken++
		}
		dst := block(k, size, 2)
		if err := d.Decode(dst); err != nil {
			t.Fatal(err)
		}
		for i := range dst {
			if !bytes.Equal(dst[i], packets[i]) {
				t.Fatalf("%s: packet %d is wrong", name, i)
			}
		}
		if taken > k+k/10 {
			t.Errorf("%s took %d packets for %d", name, taken, k)
		}
	}
}

// A band is a row of coding's band scheme, and fulcrum's packets are sums in GF(2) of the block and its expansion.
func TestPacketsAreWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 12).Draw(t, "k")
		seed := rapid.Uint32Range(0, 1<<30).Draw(t, "seed")
		for name, code := range map[string]coding.Code{
			"dense": {}, "sparse": {Scheme: coding.Sparse, Weight: min(k, 5+ceilLog(k))}, "perpetual": {Scheme: coding.Band, Weight: min(k, ceilRoot(4*k))},
		} {
			c, err := codes.New(name, k)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]byte, k)
			code.Coefficients(want, seed)
			if got := sumOf(t, c, seed, 0); !bytes.Equal(got, want) {
				t.Fatalf("%s, k %d, seed %d: %v, want %v", name, k, seed, got, want)
			}
		}
	})
}

func ceilLog(k int) (n int) {
	for x := 1.0; x < float64(k); x *= 2.718281828459045 {
		n++
	}
	return n
}

func ceilRoot(k int) (n int) {
	for n*n < k {
		n++
	}
	return n
}

// What makes no sense is refused with a reason.
func TestMisuse(t *testing.T) {
	if _, err := codes.New("raptorq", 32); err == nil {
		t.Error("raptorq is there")
	}
	for _, k := range []int{-1, 1, codes.MaxK + 1} {
		if _, err := codes.New("dense", k); err == nil {
			t.Errorf("k of %d is taken", k)
		}
	}
	for _, name := range codes.Names() {
		c, err := codes.New(name, 4)
		if err != nil {
			t.Fatal(err)
		}
		for what, packets := range map[string][][]byte{"few": block(3, 8, 1), "empty": block(4, 0, 1), "uneven": append(block(3, 8, 1), []byte{1})} {
			if _, err := c.NewEncoder(packets, 1); err == nil {
				t.Errorf("%s: a block of %s packets is taken", name, what)
			}
		}
		if _, err := c.NewDecoder(0); err == nil {
			t.Errorf("%s: packets of no bytes are taken", name)
		}
		d, err := c.NewDecoder(8)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range [][]byte{nil, make([]byte, 11), make([]byte, 13), append([]byte{0xff, 0xff, 0xff, 0xff}, make([]byte, 8)...)} {
			if useful, err := d.Add(p); !errors.Is(err, codes.ErrMalformed) || useful {
				t.Errorf("%s: %x is taken: %v", name, p, err)
			}
		}
		if err := d.Decode(block(4, 8, 1)); !errors.Is(err, codes.ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
		e, err := c.NewEncoder(block(4, 8, 1), 1)
		if err != nil {
			t.Fatal(err)
		}
		if e.Encode(make([]byte, 3)) == nil {
			t.Errorf("%s: a packet is written into 3 bytes", name)
		}
	}
	if c, err := codes.New("reed-solomon", 400); err != nil {
		t.Fatal(err)
	} else if _, err := c.NewDecoder(63); err == nil {
		t.Error("GF(2^16) takes packets of 63 bytes")
	}
}

// Nothing that comes makes a decoder panic, and what was sent is decoded all the same if
// what is false was refused.
func FuzzDecoders(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8}, uint8(1))
	f.Add([]byte{0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8}, uint8(5))
	f.Add([]byte{0, 0}, uint8(3))
	f.Fuzz(func(t *testing.T, packet []byte, which uint8) {
		names := codes.Names()
		c, err := codes.New(names[int(which)%len(names)], 4)
		if err != nil {
			t.Fatal(err)
		}
		d, err := c.NewDecoder(8)
		if err != nil {
			t.Fatal(err)
		}
		_, bad := d.Add(bytes.Clone(packet))
		packets := block(4, 8, 1)
		e, err := c.NewEncoder(packets, 1)
		if err != nil {
			t.Fatal(err)
		}
		for !d.Complete() {
			p := make([]byte, c.HeaderLen()+8)
			if err := e.Encode(p); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		dst := block(4, 8, 2)
		if err := d.Decode(dst); err != nil {
			t.Fatal(err)
		}
		if bad != nil && fmt.Sprint(dst) != fmt.Sprint(packets) {
			t.Fatal("a packet that was refused has changed the block")
		}
	})
}
