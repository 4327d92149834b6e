package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

var (
	node4 = NodeIDFrom(netip.MustParseAddrPort("127.0.0.1:7001"))
	node6 = NodeIDFrom(netip.MustParseAddrPort("[2001:db8::42]:7002"))
)

// makeFrame builds a frame with the package's own means.
func makeFrame(h Header, payload []byte) []byte {
	h.Size = len(payload)
	b := make([]byte, HeaderLen(h.Sender)+len(payload))
	PutHeader(b, h)
	copy(b[HeaderLen(h.Sender):], payload)
	return b
}

// plainFrame is the oracle: the same frame from the table in docs/wire.md, field by field.
func plainFrame(h Header, payload []byte) []byte {
	wire := struct {
		Size uint32
		Type uint16
		Port uint16
		Addr [4]byte
		App  uint32
		Seq  uint64
	}{uint32(len(payload)), uint16(h.Type), 0, [4]byte{}, h.App, h.Seq}
	var front []byte
	if ap := h.Sender.AddrPort(); ap.IsValid() {
		wire.Port = ap.Port()
		if ap.Addr().Is4() {
			wire.Addr = ap.Addr().As4()
		} else {
			front = ap.Addr().AsSlice()
			wire.Type |= 0x8000
			wire.Size += 16
		}
	}
	var out bytes.Buffer
	if err := binary.Write(&out, binary.BigEndian, wire); err != nil {
		panic(err)
	}
	out.Write(front)
	out.Write(payload)
	return out.Bytes()
}

func drawHeader(t *rapid.T) Header {
	return Header{
		Type:   Type(rapid.Uint16Range(1, uint16(MaxType)).Draw(t, "type")),
		Sender: NodeIDFrom(drawAddrPort(t)),
		App:    rapid.Uint32().Draw(t, "app"),
		Seq:    rapid.Uint64().Draw(t, "seq"),
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, payload := drawHeader(t), rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "payload")
		b := makeFrame(h, payload)
		if want := plainFrame(h, payload); !bytes.Equal(b, want) {
			t.Fatalf("%+v:\n%x, want\n%x", h, b, want)
		}
		h.Size = len(payload)
		if got, err := ParseHeader(b[:HeaderLen(h.Sender)]); err != nil || got != h {
			t.Fatalf("%+v came back as %+v, %v", h, got, err)
		}
		checkAccessors(t, append(b, "the next frame"...), len(b), h, payload)
	})
}

// checkAccessors checks every accessor on b, which starts with a frame of total bytes.
func checkAccessors(t fatal, b []byte, total int, h Header, payload []byte) {
	got := Header{Type: TypeOf(b), Sender: Sender(b), App: App(b), Seq: Seq(b), Size: len(Payload(b))}
	if got != h || !bytes.Equal(Payload(b), payload) || cap(Payload(b)) != len(payload) {
		t.Fatalf("accessors say %+v %x, want %+v %x", got, Payload(b), h, payload)
	}
	if peeked, err := Peek(b, 2*total); peeked != total || err != nil || FrameSize(b) != total {
		t.Fatalf("Peek %d, %v; FrameSize %d; want %d", peeked, err, FrameSize(b), total)
	}
	if a, p := Params(b); a != int32(h.Seq>>32) || p != int32(uint32(h.Seq)) {
		t.Fatalf("Params %d, %d of %#x", a, p, h.Seq)
	}
}

func TestSetSeqAndParams(t *testing.T) {
	b := makeFrame(Header{Type: TypeControl, Sender: node6, App: 9}, []byte("x"))
	want := bytes.Clone(b)
	SetSeq(b, math.MaxUint64-1)
	if Seq(b) != math.MaxUint64-1 {
		t.Errorf("Seq %d", Seq(b))
	}
	for _, c := range [][2]int32{{-1, 2}, {math.MinInt32, math.MaxInt32}, {7, -7}, {0, -1}} {
		SetParams(b, c[0], c[1])
		if a, p := Params(b); a != c[0] || p != c[1] {
			t.Errorf("Params %d, %d, want %v", a, p, c)
		}
	}
	SetParams(b, 0, 0)
	if !bytes.Equal(b, want) {
		t.Errorf("other bytes changed: %x, want %x", b, want)
	}
}

func TestPutHeaderRefusesMisuse(t *testing.T) {
	for name, c := range map[string]struct {
		h    Header
		room int
	}{
		"short":           {Header{Type: TypeData, Sender: node4}, HeaderSize - 1},
		"short for IPv6":  {Header{Type: TypeData, Sender: node6}, HeaderSize + 15},
		"no type":         {Header{Sender: node4}, 100},
		"type too large":  {Header{Type: MaxType + 1, Sender: node4}, 100},
		"negative size":   {Header{Type: TypeData, Sender: node4, Size: -1}, 100},
		"size over limit": {Header{Type: TypeData, Sender: node4, Size: MaxPayloadLimit + 1}, 100},
		"IPv6 over limit": {Header{Type: TypeData, Sender: node6, Size: MaxPayloadLimit - 15}, 100},
	} {
		mustPanic(t, name, func() { PutHeader(make([]byte, c.room), c.h) })
	}
}

func TestPeek(t *testing.T) {
	const limit = 100
	raw := func(size uint32, typ uint16) []byte {
		b := make([]byte, HeaderSize)
		binary.BigEndian.PutUint32(b, size)
		binary.BigEndian.PutUint16(b[4:], typ)
		return b
	}
	for _, c := range []struct {
		name  string
		b     []byte
		total int
		err   error
	}{
		{"nothing", nil, 0, nil},
		{"incomplete header", raw(1, 2)[:23], 0, nil},
		{"incomplete bad header", raw(1<<31, 0)[:23], 0, nil},
		{"empty payload", raw(0, 2), 24, nil},
		{"at the maximum", raw(limit, 2), 24 + limit, nil},
		{"over the maximum", raw(limit+1, 2), 0, ErrTooBig},
		{"far over the maximum", raw(math.MaxUint32, 2), 0, ErrTooBig},
		{"type 0", raw(5, 0), 0, ErrMalformed},
		{"type 0, IPv6", raw(20, 0x8000), 0, ErrMalformed},
		{"last type", raw(5, 0x7fff), 29, nil},
		{"IPv6", raw(16, 0x8002), 40, nil},
		{"IPv6, last type", raw(16, 0xffff), 40, nil},
		{"IPv6 without room for the address", raw(15, 0x8002), 0, ErrMalformed},
		{"IPv6 at the maximum", raw(limit, 0x8002), 24 + limit, nil},
		{"IPv6 over the maximum", raw(limit+1, 0x8002), 0, ErrTooBig},
		{"local event", raw(0, 128), 24, nil},
	} {
		total, err := Peek(c.b, limit)
		if total != c.total || !errors.Is(err, c.err) {
			t.Errorf("%s: Peek = %d, %v; want %d, %v", c.name, total, err, c.total, c.err)
		}
	}
}

func TestHeaderLimit(t *testing.T) {
	for _, sender := range []NodeID{node4, node6} {
		b := make([]byte, HeaderLen(sender))
		want := Header{Type: TypeData, Sender: sender, Size: MaxPayloadLimit + HeaderSize - HeaderLen(sender)}
		PutHeader(b, want)
		if h, err := ParseHeader(b); err != nil || h != want {
			t.Errorf("%+v, %v; want %+v", h, err, want)
		}
		binary.BigEndian.PutUint32(b, MaxPayloadLimit+1)
		if _, err := ParseHeader(b); !errors.Is(err, ErrTooBig) {
			t.Errorf("over the limit: %v", err)
		}
	}
}

func TestAccessorsDoNotAllocate(t *testing.T) {
	four, six := makeFrame(Header{Type: TypeData, Sender: node4}, make([]byte, 50)), makeFrame(Header{Type: TypeData, Sender: node6}, nil)
	var sum uint64
	allocs := testing.AllocsPerRun(100, func() {
		for _, b := range [][]byte{four, six} {
			total, _ := Peek(b, 1000)
			h, _ := ParseHeader(b)
			PutHeader(b, h)
			SetSeq(b, Seq(b)+1)
			sum += uint64(total+len(Payload(b))+int(Sender(b).Port())) + uint64(App(b)) + uint64(TypeOf(b))
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a run (sum %d)", allocs, sum)
	}
}
