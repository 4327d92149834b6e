package pack_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core/wire"
)

// entry and everything have a field of each kind.
type entry struct {
	Who wire.NodeID
	Age uint16
}

func (e *entry) Fields(f *pack.Fields) { f.Node(&e.Who); f.Uint16(&e.Age) }

type everything struct {
	U64     uint64
	U32     uint32
	U16     uint16
	U8      uint8
	I64     int64
	I       int
	D       time.Duration
	B       bool
	F       float64
	S       string
	P       []byte
	N       wire.NodeID
	Ns      []wire.NodeID
	Entries []entry
	Lists   [][]uint8
}

func (e *everything) Fields(f *pack.Fields) {
	f.Uint64(&e.U64)
	f.Uint32(&e.U32)
	f.Uint16(&e.U16)
	f.Uint8(&e.U8)
	f.Int64(&e.I64)
	f.Int(&e.I)
	f.Duration(&e.D)
	f.Bool(&e.B)
	f.Float64(&e.F)
	f.String(&e.S)
	f.Bytes(&e.P)
	f.Node(&e.N)
	f.Nodes(&e.Ns)
	pack.List(f, &e.Entries, func(f *pack.Fields, e *entry) { e.Fields(f) })
	pack.List(f, &e.Lists, func(f *pack.Fields, l *[]uint8) { pack.List(f, l, (*pack.Fields).Uint8) })
}

func id(t testing.TB, s string) wire.NodeID {
	t.Helper()
	n, err := wire.ParseNodeID(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func full(t testing.TB) *everything {
	v4, v6 := id(t, "10.0.0.1:7001"), id(t, "[2001:db8::1]:7002")
	return &everything{
		U64: math.MaxUint64, U32: math.MaxUint32, U16: math.MaxUint16, U8: 255, I64: math.MinInt64, I: math.MaxInt,
		D: -time.Second, B: true, F: math.Inf(-1), S: "text\xff", P: []byte{0, 1}, N: v6,
		Ns: []wire.NodeID{v4, {}, v6}, Entries: []entry{{v4, 3}, {v6, 40000}}, Lists: [][]uint8{{1}, nil, {2, 3}},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, want := range []*everything{{}, full(t)} {
		p := pack.Append([]byte("before"), want)[len("before"):]
		var got everything
		if err := pack.Read(p, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&got, want) {
			t.Errorf("read\n%+v of\n%+v", got, *want)
		}
	}
}

// TestBytes holds what docs/wire.md says of the format.
func TestBytes(t *testing.T) {
	e := everything{U64: 300, U8: 200, I64: -1, B: true, S: "hi", N: id(t, "10.0.0.1:7001"), Ns: []wire.NodeID{{}}}
	want := []byte{
		0xac, 0x02, // U64
		0, 0, 200, // U32, U16, U8
		1, 0, 0, // I64, I, D
		1,                      // B
		0, 0, 0, 0, 0, 0, 0, 0, // F
		2, 'h', 'i', // S
		0,                          // P
		4, 10, 0, 0, 1, 0x1b, 0x59, // N
		1, 0, // Ns: one, which is no node
		0, 0, // Entries, Lists
	}
	if got := pack.Append(nil, &e); !bytes.Equal(got, want) {
		t.Errorf("wrote %x, want %x", got, want)
	}
	if n := len(pack.Append(nil, &entry{Who: id(t, "[2001:db8::1]:1")})); n != 19+1 {
		t.Errorf("an entry with an IPv6 address has %d bytes", n)
	}
}

func TestMalformed(t *testing.T) {
	one := func(field func(f *pack.Fields)) pack.Body { return fieldsFunc(field) }
	var (
		u16   uint16
		u64   uint64
		b     bool
		s     string
		node  wire.NodeID
		nodes []wire.NodeID
		none  []struct{}
	)
	for _, c := range []struct {
		name string
		body pack.Body
		p    []byte
		say  string
	}{
		{"empty", one(func(f *pack.Fields) { f.Uint16(&u16) }), nil, "field 1: the payload ends in it"},
		{"trailing", one(func(f *pack.Fields) { f.Uint16(&u16) }), []byte{1, 2, 3}, "2 bytes behind the last field"},
		{"too large", one(func(f *pack.Fields) { f.Uint16(&u16) }), []byte{0x80, 0x80, 4}, "too large"},
		{"overflow", one(func(f *pack.Fields) { f.Uint64(&u64) }), bytes.Repeat([]byte{0xff}, 11), "too large"},
		{"not shortest", one(func(f *pack.Fields) { f.Uint64(&u64) }), []byte{0x80, 0}, "shortest"},
		{"maybe", one(func(f *pack.Fields) { f.Bool(&b) }), []byte{2}, "neither"},
		{"long string", one(func(f *pack.Fields) { f.Bool(&b); f.String(&s) }), []byte{1, 5, 'a'}, "field 2: it is longer"},
		{"huge string", one(func(f *pack.Fields) { f.String(&s) }), append(bytes.Repeat([]byte{0xff}, 9), 1), "longer"},
		{"node of 5 bytes", one(func(f *pack.Fields) { f.Node(&node) }), []byte{5, 1, 2, 3, 4, 5, 6, 7}, "begins like no node"},
		{"half a node", one(func(f *pack.Fields) { f.Node(&node) }), []byte{4, 1, 2, 3, 4, 5}, "ends"},
		{"port 0", one(func(f *pack.Fields) { f.Node(&node) }), []byte{4, 1, 2, 3, 4, 0, 0}, "no node can have"},
		{"no address", one(func(f *pack.Fields) { f.Node(&node) }), []byte{4, 0, 0, 0, 0, 0, 1}, "no node can have"},
		{"multicast", one(func(f *pack.Fields) { f.Node(&node) }), []byte{4, 224, 0, 0, 1, 0, 1}, "no node can have"},
		{"IPv4 in IPv6", one(func(f *pack.Fields) { f.Node(&node) }), append([]byte{16, 10: 0, 11: 0xff, 12: 0xff, 13: 10, 16: 1}, 0, 1), "no node can have"},
		{"short list", one(func(f *pack.Fields) { f.Nodes(&nodes) }), []byte{3, 0, 0}, "ends"},
		{"over-long list", one(func(f *pack.Fields) { pack.List(f, &none, func(*pack.Fields, *struct{}) {}) }), []byte{0x81, 0x20}, "too large"},
		{"refused by the body", one(func(f *pack.Fields) { f.Uint16(&u16); f.Fail("it is odd") }), []byte{1}, "field 1: it is odd"},
	} {
		err := pack.Read(c.p, c.body)
		if !errors.Is(err, pack.ErrMalformed) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

type fieldsFunc func(f *pack.Fields)

func (fn fieldsFunc) Fields(f *pack.Fields) { fn(f) }

func TestTooLongAListPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a list that nobody can read was written")
		}
	}()
	pack.Append(nil, &everything{Ns: make([]wire.NodeID, pack.MaxList+1)})
}

func TestTheLongestList(t *testing.T) {
	in := everything{Ns: make([]wire.NodeID, pack.MaxList)}
	var out everything
	if err := pack.Read(pack.Append(nil, &in), &out); err != nil || len(out.Ns) != pack.MaxList {
		t.Errorf("%d elements, %v", len(out.Ns), err)
	}
}

// TestReadKeepsNothing changes a payload after it was read.
func TestReadKeepsNothing(t *testing.T) {
	p := pack.Append(nil, full(t))
	var got everything
	if err := pack.Read(p, &got); err != nil {
		t.Fatal(err)
	}
	clear(p)
	if !reflect.DeepEqual(&got, full(t)) {
		t.Error("what was read is a view of the payload")
	}
}

// TestAllocations: a Fields that is used again costs nothing, and what is read costs its
// lists.
func TestAllocations(t *testing.T) {
	var f pack.Fields
	e := entry{id(t, "10.0.0.1:7001"), 4000}
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = f.Append(buf[:0], &e) }); n != 0 {
		t.Errorf("to write costs %v allocations", n)
	}
	var got entry
	if n := testing.AllocsPerRun(100, func() { _ = f.Read(buf, &got) }); n != 0 || got != e {
		t.Errorf("to read costs %v allocations", n)
	}
}

// TestRoundTrip: any numbers and lists.
func TestRoundTrip(t *testing.T) {
	node := rapid.Custom(func(t *rapid.T) wire.NodeID {
		s := rapid.SampledFrom([]string{"", "10.0.0.1:7001", "255.255.255.254:65535", "[::1]:1", "[2001:db8::7]:9"}).Draw(t, "node")
		n, _ := wire.ParseNodeID(s)
		return n
	})
	rapid.Check(t, func(t *rapid.T) {
		in := everything{
			U64: rapid.Uint64().Draw(t, "u64"), U32: rapid.Uint32().Draw(t, "u32"), U16: rapid.Uint16().Draw(t, "u16"),
			I64: rapid.Int64().Draw(t, "i64"), I: rapid.Int().Draw(t, "i"), S: rapid.String().Draw(t, "s"), N: node.Draw(t, "n"),
			Ns: rapid.SliceOfN(node, 0, 20).Draw(t, "ns"),
		}
		var out everything
		if err := pack.Read(pack.Append(nil, &in), &out); err != nil {
			t.Fatal(err)
		}
		if len(in.Ns) == 0 {
			in.Ns = nil
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("read\n%+v of\n%+v", out, in)
		}
	})
}

// FuzzRead gives a body anything. It must not panic, and what is read must be written as
// the same bytes: every value has one form.
func FuzzRead(f *testing.F) {
	f.Add(pack.Append(nil, full(f)))
	f.Add(pack.Append(nil, &everything{}))
	f.Add([]byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, p []byte) {
		before := slices.Clone(p)
		var e everything
		if err := pack.Read(p, &e); err != nil {
			if !errors.Is(err, pack.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if got := pack.Append(nil, &e); !bytes.Equal(got, before) {
			t.Errorf("%x was read as %+v, which is %x", before, e, got)
		}
	})
}
