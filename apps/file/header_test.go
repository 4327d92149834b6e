package file_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps/file"
)

// The bytes of docs/files.md.
func TestBytesOfTheDocument(t *testing.T) {
	m, tree, data, err := file.Describe("a.txt", bytes.Repeat([]byte("0123456789abcdef"), 10), 64)
	if err != nil {
		t.Fatal(err)
	}
	const manifest = "00000000000000a000000040" +
		"40ca6b94e1d9275ae329efaca191261b01c49af945250a00b85d6f43d3e9f5f9" +
		"c84e5648e5bd3dd9e37b57ecb80fc505e3324f53487e07532c9020e5b9e4e76d" +
		"0005612e747874"
	if got := hex.EncodeToString(m.Append(nil)); got != manifest {
		t.Errorf("the manifest is %s, want %s", got, manifest)
	}
	const id = "6d80a06016dce8f16bc52a228137328d"
	if got := m.ID().String(); got != id {
		t.Errorf("the transfer is %s, want %s", got, id)
	}
	var b [file.HeaderLen]byte
	file.Header{Kind: file.KindBlock, Proof: 2, Round: 3, ID: m.ID(), Block: 2}.Put(b[:])
	const head = "01010002000000036d80a06016dce8f16bc52a228137328d0000000200000000"
	if got := hex.EncodeToString(b[:]); got != head {
		t.Errorf("the header of a block is %s, want %s", got, head)
	}
	r := file.Request{Round: 3, ID: m.ID(), App: 1, Ranges: []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1}}
	p := make([]byte, r.Len())
	r.Put(p)
	const request = "01000000000000036d80a06016dce8f16bc52a228137328d0000000100000000000000010000000200000001"
	if got := hex.EncodeToString(p); got != request {
		t.Errorf("the request is %s, want %s", got, request)
	}
	text, err := os.ReadFile("../../docs/files.md")
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(string(text)), "")
	for _, hexed := range []string{manifest, id, head, request} {
		if !strings.Contains(said, hexed) {
			t.Errorf("the document does not have %s", hexed)
		}
	}
	block := make([]byte, m.Size(2))
	data.Read(2, block)
	proof := make([]byte, m.Depth()*file.HashLen)
	tree.Put(proof, 2)
	if h := file.NewHasher(); !h.Proves(m.Root, h.Leaf(block), 2, proof) || len(block) != 32 || len(proof) != 64 {
		t.Errorf("block 2 of %d bytes is not proven by %x", len(block), proof)
	}
}

func header(t *rapid.T) (h file.Header, body []byte) {
	h = file.Header{Kind: file.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Round: rapid.Uint32().Draw(t, "round")}
	copy(h.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	switch h.Kind {
	case file.KindManifest:
		if h.Poll = rapid.Bool().Draw(t, "poll"); h.Poll {
			h.Tell, h.Window = rapid.Bool().Draw(t, "tell"), time.Duration(rapid.IntRange(1, 60_000).Draw(t, "window"))*time.Millisecond
		}
		body = rapid.SliceOf(rapid.Byte()).Draw(t, "body")
	case file.KindBlock:
		h.Proof = rapid.IntRange(0, file.MaxDepth).Draw(t, "proof")
		h.Block = rapid.Uint32Range(0, 1<<h.Proof-1).Draw(t, "block")
		body = make([]byte, h.Proof*file.HashLen+rapid.IntRange(1, 100).Draw(t, "size"))
	case file.KindPending:
		body = []byte{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 9}
	}
	return h, body
}

func TestHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, body := header(t)
		p := append(make([]byte, file.HeaderLen), body...)
		h.Put(p)
		got, rest, err := file.Parse(p)
		if err != nil || got != h || !bytes.Equal(rest, body) {
			t.Fatalf("%+v with %x is read as %+v with %x: %v", h, body, got, rest, err)
		}
	})
}

func TestWrongMessages(t *testing.T) {
	block := make([]byte, file.HeaderLen+2*file.HashLen+1)
	file.Header{Kind: file.KindBlock, Proof: 2, Block: 3}.Put(block)
	poll := make([]byte, file.HeaderLen)
	file.Header{Poll: true, Window: time.Second}.Put(poll)
	pending := append(make([]byte, file.HeaderLen), 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 9)
	file.Header{Kind: file.KindPending}.Put(pending)
	for name, is := range map[string]struct {
		good   []byte
		change func([]byte) []byte
	}{
		"empty":                     {block, func([]byte) []byte { return nil }},
		"short":                     {block, func(b []byte) []byte { return b[:file.HeaderLen-1] }},
		"another version":           {block, func(b []byte) []byte { b[0] = 2; return b }},
		"another kind":              {block, func(b []byte) []byte { b[1] = 3; return b }},
		"a block that polls":        {block, func(b []byte) []byte { b[2] = 1; return b }},
		"a block with a window":     {block, func(b []byte) []byte { b[31] = 1; return b }},
		"a block without bytes":     {block, func(b []byte) []byte { return b[:len(b)-1] }},
		"a number above its proof":  {block, func(b []byte) []byte { b[27] = 4; return b }},
		"a proof that is too long":  {append(bytes.Clone(block), make([]byte, 1000)...), func(b []byte) []byte { b[3] = 21; return b }},
		"a flag that there is not":  {poll, func(b []byte) []byte { b[2] = 5; return b }},
		"tell without poll":         {poll, func(b []byte) []byte { b[2] = 2; return b }},
		"a poll without a window":   {poll, func(b []byte) []byte { clear(b[28:]); return b }},
		"a window without a poll":   {poll, func(b []byte) []byte { b[2] = 0; return b }},
		"a window of hours":         {poll, func(b []byte) []byte { b[28] = 1; return b }},
		"a manifest with a proof":   {poll, func(b []byte) []byte { b[3] = 1; return b }},
		"a manifest with a number":  {poll, func(b []byte) []byte { b[27] = 1; return b }},
		"nothing pending":           {pending, func(b []byte) []byte { return b[:file.HeaderLen] }},
		"half a range":              {pending, func(b []byte) []byte { return b[:len(b)-1] }},
		"a range of none":           {pending, func(b []byte) []byte { b[len(b)-1] = 0; return b }},
		"ranges that touch":         {pending, func(b []byte) []byte { b[len(b)-5] = 2; return b }},
		"ranges out of order":       {pending, func(b []byte) []byte { b[len(b)-5] = 0; return b }},
		"a range out of all bounds": {pending, func(b []byte) []byte { b[len(b)-4] = 255; return b }},
		"too many ranges":           {append(bytes.Clone(pending), make([]byte, 8*file.MaxRanges)...), func(b []byte) []byte { return b }},
	} {
		if _, _, err := file.Parse(is.good); err != nil && name != "too many ranges" {
			t.Fatal(err)
		}
		if _, _, err := file.Parse(is.change(bytes.Clone(is.good))); !errors.Is(err, file.ErrMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManifestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := file.Manifest{
			Name: rapid.StringMatching(`[a-zäö .0-9-]{1,50}x`).Draw(t, "name"), BlockLen: rapid.IntRange(file.MinBlockLen, file.MaxBlockLen).Draw(t, "block"),
			Root: file.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root")), Sum: file.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sum")),
		}
		m.Length = rapid.Int64Range(0, int64(m.BlockLen)*file.MaxBlocks).Draw(t, "length")
		got, err := file.ParseManifest(m.Append(nil))
		if err != nil || got != m || got.ID() != m.ID() {
			t.Fatalf("%+v is read as %+v: %v", m, got, err)
		}
		if last := m.Blocks() - 1; last >= 0 && (m.Size(last) < 1 || int64(last)*int64(m.BlockLen)+int64(m.Size(last)) != m.Length) {
			t.Fatalf("%+v has %d blocks, the last of %d", m, last+1, m.Size(last))
		}
	})
}

func TestWrongManifests(t *testing.T) {
	good := file.Manifest{Name: "a", Length: 100, BlockLen: 64}
	for name, change := range map[string]func(*file.Manifest){
		"short blocks":     func(m *file.Manifest) { m.BlockLen = file.MinBlockLen - 1 },
		"long blocks":      func(m *file.Manifest) { m.BlockLen = file.MaxBlockLen + 1 },
		"a length below 0": func(m *file.Manifest) { m.Length = -1 },
		"too many blocks":  func(m *file.Manifest) { m.Length = 64*file.MaxBlocks + 1 },
		"no name":          func(m *file.Manifest) { m.Name = "" },
		"a long name":      func(m *file.Manifest) { m.Name = string(make([]byte, 201)) },
		"a path":           func(m *file.Manifest) { m.Name = "../a" },
		"another's path":   func(m *file.Manifest) { m.Name = `..\a` },
		"a directory":      func(m *file.Manifest) { m.Name = ".." },
		"a null":           func(m *file.Manifest) { m.Name = "a\x00b" },
		"no UTF-8":         func(m *file.Manifest) { m.Name = "a\xffb" },
		"a new line":       func(m *file.Manifest) { m.Name = "a\nb" },
	} {
		m := good
		change(&m)
		if _, err := file.ParseManifest(m.Append(nil)); !errors.Is(err, file.ErrMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := good.Append(nil)
	for _, cut := range [][]byte{nil, b[:len(b)-1], append(bytes.Clone(b), 'x'), b[:77]} {
		if _, err := file.ParseManifest(cut); !errors.Is(err, file.ErrMessage) {
			t.Errorf("%x: %v", cut, err)
		}
	}
}

func TestTransferNumbers(t *testing.T) {
	m := file.Manifest{Name: "a", BlockLen: 64}
	if id, err := file.ParseID(m.ID().String()); err != nil || id != m.ID() {
		t.Errorf("%v is read as %v: %v", m.ID(), id, err)
	}
	for _, text := range []string{"", "12", "zz", m.ID().String() + "00", "00000000000000000000000000000000"} {
		if _, err := file.ParseID(text); err == nil {
			t.Errorf("%q is a transfer", text)
		}
	}
}

// What reads is written again as the same bytes.
func FuzzParse(f *testing.F) {
	m := file.Manifest{Name: "a", Length: 100, BlockLen: 64}
	poll := m.Append(make([]byte, file.HeaderLen))
	file.Header{ID: m.ID(), Poll: true, Tell: true, Window: time.Second}.Put(poll)
	f.Add(poll)
	block := make([]byte, file.HeaderLen+file.HashLen+64)
	file.Header{Kind: file.KindBlock, ID: m.ID(), Proof: 1, Block: 1, Round: 7}.Put(block)
	f.Add(block)
	pending := append(make([]byte, file.HeaderLen), 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 9)
	file.Header{Kind: file.KindPending, ID: m.ID()}.Put(pending)
	f.Add(pending)
	f.Add(block[:file.HeaderLen])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := file.Parse(b)
		if err != nil {
			if !errors.Is(err, file.ErrMessage) {
				t.Fatal(err)
			}
			return
		}
		again := append(make([]byte, file.HeaderLen), body...)
		if h.Put(again); !bytes.Equal(again, b) {
			t.Fatalf("%x is written as %x", b, again)
		}
		if m, err := file.ParseManifest(body); err == nil && !bytes.Equal(m.Append(nil), body) {
			t.Fatalf("the manifest %x is written as %x", body, m.Append(nil))
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	for _, r := range []file.Request{{Whole: true, App: 1}, {Round: 2, App: 1, Ranges: []byte{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 9}}} {
		b := make([]byte, r.Len())
		r.Put(b)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := file.ParseRequest(b)
		if err != nil {
			if !errors.Is(err, file.ErrMessage) {
				t.Fatal(err)
			}
			return
		}
		again := make([]byte, r.Len())
		if r.Put(again); !bytes.Equal(again, b) {
			t.Fatalf("%x is written as %x", b, again)
		}
	})
}
