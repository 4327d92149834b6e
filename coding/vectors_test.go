package coding

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// vector is one entry of docs/coding-vectors.json, whose fields docs/coding.md explains.
type vector struct {
	Kind, Name, About string
	Hex               hexBytes

	A, B, Product hexBytes

	Type           string
	Stream         uint32
	Generation     uint32
	K, Size, Last  int
	Index          int
	Seed           uint32
	Scheme         string
	Weight, Count  int
	Coefs, Payload hexBytes
	Hash           Hash
	Sources        []hexBytes

	Base    uint32
	Missing json.RawMessage // a list in feedback, a number in window-feedback

	First  uint64 `json:",string"`
	Next   uint64 `json:",string"`
	End    uint64 `json:",string"`
	Window int

	Packets []arrivalVector
	Error   string
}

type arrivalVector struct {
	Hex       hexBytes
	Result    string
	Ready     int
	Delivered []struct {
		Number uint64 `json:",string"`
		Packet hexBytes
	}
	Feedback hexBytes
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

var errorNames = map[string]error{
	"short": ErrShort, "malformed": ErrMalformed, "version": ErrVersion, "kind": ErrKind, "generation": ErrGeneration,
	"stale": ErrStale, "ahead": ErrAhead,
}

func readVectors(t testing.TB) []vector {
	text, err := os.ReadFile("../docs/coding-vectors.json")
	must(t, err)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var all []vector
	must(t, dec.Decode(&all))
	return all
}

func TestVectors(t *testing.T) {
	checks := map[string]func(*testing.T, vector){
		"product": checkProduct, "coefficients": checkCoefficients, "packet": checkPacket, "digests": checkDigests,
		"feedback": checkFeedback, "window-packet": checkWindowPacket, "window-feedback": checkWindowFeedback,
		"invalid": checkInvalid, "decode": checkDecodeVector, "window": checkWindowVector,
	}
	seen := map[string]bool{}
	for _, v := range readVectors(t) {
		check := checks[v.Kind]
		if check == nil || v.About == "" {
			t.Fatalf("%s: unknown kind %q, or nothing about it", v.Name, v.Kind)
		}
		seen[v.Kind] = true
		t.Run(v.Name, func(t *testing.T) { check(t, v) })
	}
	if len(seen) != len(checks) {
		t.Errorf("kinds seen: %v", seen)
	}
}

func (v vector) generation() Generation {
	return Generation{Stream: v.Stream, ID: v.Generation, K: v.K, Size: v.Size, Last: v.Last}
}

func (v vector) code(t *testing.T) Code {
	for s := Dense; s <= Band; s++ {
		if s.String() == v.Scheme {
			return Code{s, v.Weight}
		}
	}
	if v.Scheme != "" {
		t.Fatalf("unknown scheme %q", v.Scheme)
	}
	return Code{}
}

func (v vector) sources() [][]byte {
	all := make([][]byte, len(v.Sources))
	for i, s := range v.Sources {
		all[i] = s
	}
	return all
}

func checkProduct(t *testing.T, v vector) {
	got := make([]byte, len(v.A))
	gf.MulSlice(got, v.A, v.B[0])
	if !bytes.Equal(got, v.Product) {
		t.Errorf("%x", got)
	}
}

func checkCoefficients(t *testing.T, v vector) {
	got := bytes.Repeat([]byte{0xee}, v.Count)
	v.code(t).Coefficients(got, v.Seed)
	if !bytes.Equal(got, v.Coefs) {
		t.Errorf("%x, want %x", got, v.Coefs)
	}
}

func checkPacket(t *testing.T, v vector) {
	p, err := Parse(v.Hex)
	must(t, err)
	want := Packet{Generation: v.generation(), Kind: p.Kind, Index: v.Index, Code: v.code(t), Seed: v.Seed, Coefs: p.Coefs, Payload: v.Payload}
	coefs := make([]byte, p.K)
	p.Vector(coefs)
	if p.Kind.String() != v.Type || !samePacket(p, want) || !bytes.Equal(coefs, v.Coefs) {
		t.Fatalf("%+v with coefficients %x", p, coefs)
	}
	if again := rewrite(p); !bytes.Equal(again, v.Hex) {
		t.Errorf("written again as %x", again)
	}
}

func samePacket(p, q Packet) bool {
	same := bytes.Equal(p.Coefs, q.Coefs) && bytes.Equal(p.Payload, q.Payload)
	p.Coefs, p.Payload, q.Coefs, q.Payload = nil, nil, nil, nil
	return same && p.Generation == q.Generation && p.Kind == q.Kind && p.Index == q.Index && p.Code == q.Code && p.Seed == q.Seed
}

// rewrite writes a packet from what was read of it.
func rewrite(p Packet) []byte {
	b := make([]byte, p.VectorLen()+p.SeededLen())
	switch p.Kind {
	case KindSource:
		p.put(b, KindSource, byte(p.Index))
		return b[:headerLen+copy(b[headerLen:], p.Payload)]
	case KindSeeded:
		return b[:seededLen+copy(p.putSeeded(b, p.Code, p.Seed), p.Payload)]
	default:
		coefs, payload := p.putVector(b)
		return b[:headerLen+copy(coefs, p.Coefs)+copy(payload, p.Payload)]
	}
}

func checkDigests(t *testing.T, v vector) {
	var d Digests
	must(t, d.Sum(v.generation(), v.Hash, v.sources()))
	if b := packetOf(t, d.Len(), d.Put); !bytes.Equal(b, v.Hex) {
		t.Errorf("written as %x", b)
	}
	read, err := ParseDigests(v.Hex)
	must(t, err)
	for i, s := range v.Sources {
		if !read.Check(i, s) || read.Check((i+1)%v.K, s) || read.Check(i, append(s[:len(s):len(s)], 0)) {
			t.Errorf("packet %d is not told by its digest", i)
		}
	}
}

func checkFeedback(t *testing.T, v vector) {
	want := Feedback{Stream: v.Stream, Base: v.Base}
	must(t, json.Unmarshal(v.Missing, &want.Missing))
	var got Feedback
	must(t, got.Parse(v.Hex))
	if got.Stream != want.Stream || got.Base != want.Base || !slices.Equal(got.Missing, want.Missing) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if b := packetOf(t, want.Len(), want.Put); !bytes.Equal(b, v.Hex) {
		t.Errorf("written as %x", b)
	}
}

func checkWindowPacket(t *testing.T, v vector) {
	p, err := ParseWindow(v.Hex)
	must(t, err)
	if p.Kind.String() != v.Type || p.Stream != v.Stream || p.First != v.First || p.Count != v.Count || p.Seed != v.Seed ||
		p.Code != v.code(t) || !bytes.Equal(p.Payload, v.Payload) || p.Coefs != nil && !bytes.Equal(p.Coefs, v.Coefs) {
		t.Fatalf("%+v", p)
	}
	s := Stream{ID: p.Stream, Size: len(p.Payload), Window: MaxWindow}
	b := make([]byte, s.CodedLen())
	switch p.Kind {
	case KindWindowSource:
		n, err := s.PutSource(b, p.First)
		must(t, err)
		b = append(b[:n], p.Payload...)
	case KindWindowVector:
		b = make([]byte, s.VectorLen(p.Count))
		coefs, payload := s.putVector(b, p.First, p.Count)
		copy(coefs, p.Coefs)
		copy(payload, p.Payload)
	default:
		copy(s.putCoded(b, p.First, p.Count, p.Code, p.Seed), p.Payload)
	}
	if !bytes.Equal(b, v.Hex) {
		t.Errorf("written again as %x", b)
	}
}

func checkWindowFeedback(t *testing.T, v vector) {
	want := WindowFeedback{Stream: v.Stream, Next: v.Next, End: v.End}
	must(t, json.Unmarshal(v.Missing, &want.Missing))
	if got, err := ParseWindowFeedback(v.Hex); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if b := packetOf(t, windowFeedbackLen, want.Put); !bytes.Equal(b, v.Hex) {
		t.Errorf("written as %x", b)
	}
}

func checkInvalid(t *testing.T, v vector) {
	want := errorNames[v.Error]
	if want == nil {
		t.Fatalf("unknown error %q", v.Error)
	}
	var err error
	switch v.Type {
	case "packet":
		_, err = Parse(v.Hex)
	case "digests":
		_, err = ParseDigests(v.Hex)
	case "feedback":
		err = new(Feedback).Parse(v.Hex)
	case "window-packet":
		_, err = ParseWindow(v.Hex)
	case "window-feedback":
		_, err = ParseWindowFeedback(v.Hex)
	default:
		t.Fatalf("unknown type %q", v.Type)
	}
	if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), want.Error()) {
		t.Errorf("%v, want %v", err, want)
	}
}

// resultOf is what a vector calls a result.
func resultOf(r Result, err error) string {
	for name, class := range errorNames {
		if errors.Is(err, class) {
			return name
		}
	}
	return r.String()
}

func checkDecodeVector(t *testing.T, v vector) {
	g := v.generation()
	var dec Decoder
	var pro Progressive
	must(t, dec.Reset(g), pro.Reset(g, buffersFor(g)))
	for i, a := range v.Packets {
		if got := resultOf(dec.Add(a.Hex)); got != a.Result {
			t.Errorf("packet %d, decoder: %s, want %s", i, got, a.Result)
		}
		if got := resultOf(pro.Add(a.Hex)); got != a.Result || pro.Ready() != a.Ready {
			t.Errorf("packet %d, progressive: %s with %d ready, want %s with %d", i, got, pro.Ready(), a.Result, a.Ready)
		}
	}
	must(t, dec.Decode(buffersFor(g)))
	for i, s := range v.Sources {
		if !bytes.Equal(dec.Packet(i), s) || !bytes.Equal(pro.Packet(i), s) {
			t.Errorf("packet %d: %x and %x, want %x", i, dec.Packet(i), pro.Packet(i), s)
		}
	}
}

func checkWindowVector(t *testing.T, v vector) {
	var d WindowDecoder
	s := Stream{v.Stream, v.Size, v.Window}
	bufs := make([][]byte, 2*s.Window)
	for i := range bufs {
		bufs[i] = make([]byte, s.Size)
	}
	must(t, d.Reset(s, v.First, bufs))
	for i, a := range v.Packets {
		if got := resultOf(d.Add(a.Hex)); got != a.Result {
			t.Errorf("packet %d: %s, want %s", i, got, a.Result)
		}
		for _, want := range a.Delivered {
			if seq, p, ok := d.Deliver(); !ok || seq != want.Number || !bytes.Equal(p, want.Packet) {
				t.Errorf("packet %d: delivered %d, %x, %t; want %d, %x", i, seq, p, ok, want.Number, want.Packet)
			}
		}
		if seq, _, ok := d.Deliver(); ok {
			t.Errorf("packet %d: %d delivered too", i, seq)
		}
		if b := packetOf(t, windowFeedbackLen, d.Feedback().Put); !bytes.Equal(b, a.Feedback) {
			t.Errorf("packet %d: feedback %x, want %x", i, b, a.Feedback)
		}
	}
}
