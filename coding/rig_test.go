package coding

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// noise fills packets with bytes that a seed gives.
func noise(seed uint64, packets [][]byte) {
	r := splitMix{seed}
	for _, p := range packets {
		r.dense(p)
	}
}

// sourcesOf makes the source packets of a generation.
func sourcesOf(g Generation, seed uint64) [][]byte {
	packets := make([][]byte, g.K)
	for i := range packets {
		packets[i] = make([]byte, g.PacketSize(i))
	}
	noise(seed, packets)
	return packets
}

// buffersFor are Decode's or, with room for working, Progressive's.
func buffersFor(g Generation) [][]byte {
	bufs := make([][]byte, g.K)
	for i := range bufs {
		bufs[i] = make([]byte, g.Size)
	}
	noise(0xbad, bufs) // nobody may count on zeros
	return bufs
}

func encoderFor(t testing.TB, g Generation, packets [][]byte) *Encoder {
	t.Helper()
	e := new(Encoder)
	if err := e.Reset(g, packets); err != nil {
		t.Fatal(err)
	}
	return e
}

// packetOf runs a function that writes a packet, and returns the packet.
func packetOf(t rapid.TB, n int, write func([]byte) (int, error)) []byte {
	t.Helper()
	b := make([]byte, n+7) // larger than needed: nothing may be written behind
	for i := range b {
		b[i] = 0xee
	}
	got, err := write(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b[got:], bytes.Repeat([]byte{0xee}, len(b)-got)) {
		t.Fatalf("written beyond %d bytes", got)
	}
	return b[:got:got]
}

func equationOf(t rapid.TB, b []byte) equation {
	t.Helper()
	p, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	e := equation{make([]byte, p.K), make([]byte, p.Size)}
	p.Vector(e.coefs)
	copy(e.value, p.Payload)
	return e
}

var drawCode = rapid.Custom(func(t *rapid.T) Code {
	c := Code{Scheme: rapid.SampledFrom([]Scheme{Dense, Dense, Sparse, Band}).Draw(t, "scheme")}
	if c.Scheme != Dense {
		c.Weight = rapid.IntRange(1, 6).Draw(t, "weight")
	}
	return c
})

// drawGeneration keeps to sizes that the oracle can bear.
var drawGeneration = rapid.Custom(func(t *rapid.T) Generation {
	g := Generation{
		Stream: rapid.Uint32().Draw(t, "stream"), ID: rapid.Uint32().Draw(t, "id"),
		K: rapid.IntRange(MinK, 20).Draw(t, "k"), Size: rapid.IntRange(1, 24).Draw(t, "size"),
	}
	g.Last = rapid.IntRange(1, g.Size).Draw(t, "last")
	return g
})

func wantErr(t rapid.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v; want %v", what, got, want)
	}
}
