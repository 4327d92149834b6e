package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/ioverlay/ioverlay/record"
)

// sample is a small recording with all that there can be in one.
func sample(t testing.TB, o Options) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, Meta{World: "sim"}, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint32(6) {
		at := record.Time(i) * 1e9
		u := record.Update{T: at, Nodes: []record.Node{{I: i % 3, Name: record.Set(fmt.Sprint("n", i)), Up: record.Set(i%2 == 0), In: record.Number(i), Lost: record.Lost{In: record.Set(record.Pair{1, 2})},
			Extra: record.Set(record.JSON(`{"a":1}`)), Apps: []record.App{{ID: i, In: record.Number(i)}}, Metrics: []record.Metric{{Name: "m", Value: record.Number(i)}}}},
			Links:  []record.Link{{F: i, T: i + 1, Rate: record.Number(i), RTT: record.Gone[float64]()}, {F: 9, T: i, Gone: true}},
			Events: []record.Event{{T: at, Kind: "told", Node: record.To(i), Text: "link down"}},
			States: []record.State{{T: at, Node: i, Name: "chunks", Value: record.NumberOf(3), Of: record.Set(16.0)}, {T: at, Node: i, Name: "phase", Value: record.TextOf("x")}}}
		if err := w.Update(&u); err != nil {
			t.Fatal(err)
		}
		if err := w.Transfer(record.Transfer{From: i, To: i + 1, Left: at, Arrived: at + 5, Seq: uint64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(End{Ended: 6e9}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// readAll reads whatever a recording has, in every way. Errors are what they may be, and nothing is ever a panic.
func readAll(t testing.TB, r *Reader) {
	check := func(err error) {
		if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, record.ErrLimit) {
			t.Fatalf("an error of another kind: %v", err)
		}
	}
	const most = 1000 // of what a file says it has, so that it ends
	for i := range min(len(r.Blocks()), 20) {
		base, updates, err := r.Content(i)
		check(err)
		if err != nil {
			continue
		}
		check(r.AddEvents(i, updates))
		_ = base.AppendJSON(nil)
		for k := range min(len(updates), most) {
			_ = updates[k].AppendJSON(nil)
		}
		_, err = r.At(r.Blocks()[i].End)
		check(err)
	}
	n := 0
	few := func() bool { n++; return n < most }
	check(r.Updates(-1, record.MaxTime, func(*record.Update) bool { return few() }))
	check(r.Events(-1, record.MaxTime, func(*record.Event) bool { return few() }))
	check(r.States(-1, record.MaxTime, func(*record.State) bool { return few() }))
	check(r.Transfers(-1, record.MaxTime, func(*record.Transfer) bool { return few() }))
	fields, err := r.Fields()
	check(err)
	for _, f := range fields[:min(len(fields), 20)] {
		check(r.Series(f.Path, f.Link, 1, 2, 0, record.MaxTime, func(Point) bool { return few() }))
	}
}

// FuzzOpen opens files that may be anything.
func FuzzOpen(f *testing.F) {
	whole := sample(f, Options{BlockBytes: 300})
	f.Add(whole)
	f.Add(whole[:len(whole)-footerBytes])
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		readAll(t, r)
	})
}

// FuzzColumn makes a file around a column that may be anything, with checksums that are right: what random changes of a
// file never get to.
func FuzzColumn(f *testing.F) {
	whole := sample(f, Options{})
	r, err := Open(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		f.Fatal(err)
	}
	c, err := r.load(0)
	if err != nil {
		f.Fatal(err)
	}
	for i := range c.sections {
		s := &c.sections[i]
		raw, err := c.bytes(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(s.kind), s.name, s.rows, raw)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind byte, name string, rows uint64, raw []byte) {
		b := around(enc, []section{{kind: secTimes, rows: 3}, {kind: sectionKind(kind), name: name, rows: rows}}, [][]byte{{0, 2, 4}, raw})
		r, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Blocks()) != 1 {
			t.Fatalf("%d blocks", len(r.Blocks()))
		}
		readAll(t, r)
	})
}

// around is a file with one block of some columns, and no index.
func around(enc *zstd.Encoder, sections []section, raws [][]byte) []byte {
	b := appendChunk([]byte(magic), chunkMeta, []byte(`{"format":1}`), 0)
	known := Block{End: 10, Updates: 3, Events: 3, States: 3, Transfers: 3, MaxLeft: record.MaxTime}
	head := binary.AppendUvarint(known.append(nil), uint64(len(sections)))
	var body []byte
	for i, s := range sections {
		before := len(body)
		body = enc.EncodeAll(raws[i], body)
		head = append(head, byte(s.kind))
		head = append(binary.AppendUvarint(head, uint64(len(s.name))), s.name...)
		for _, v := range [...]uint64{s.rows, uint64(len(raws[i])), uint64(len(body) - before)} {
			head = binary.AppendUvarint(head, v)
		}
	}
	return append(appendChunk(b, chunkBlock, head, len(body)), body...)
}

// What a column claims of itself never makes its reader take much: a file of some hundred bytes is refused before.
func TestClaimsAreChecked(t *testing.T) {
	t.Parallel()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	big := make([]byte, 1<<20)
	for name, c := range map[string]struct {
		s   section
		raw []byte
	}{
		"more rows than bytes":    {section{kind: secEvents, rows: 1 << 40}, []byte{0, 0, 0}},
		"a dictionary of nothing": {section{kind: secNodes, name: "name", rows: 1}, append([]byte{1, 0, 1, 0, byte(record.TextValue), 0}, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		"another kind":            {section{kind: secNodes, name: "name", rows: 1}, append([]byte{1, 0, 1, 0, byte(record.NumberValue), 0}, big[:8]...)},
		"no such field":           {section{kind: secNodes, name: "x", rows: 1}, []byte{0}},
		"no numbers":              {section{kind: secNodes, name: "in", rows: 1}, []byte{1, 0, 1, 0, byte(record.NumberValue), 0, 1}},
		"a later update":          {section{kind: secNodes, name: "up", rows: 1}, []byte{1, 3, 1, 0, byte(record.BoolValue), 0, 1}},
		"no number":               {section{kind: secNodes, name: "in", rows: 1}, []byte{1, 0, 1, 0, byte(record.NumberValue), 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f}},
		"no JSON":                 {section{kind: secNodes, name: "extra", rows: 1}, []byte{1, 0, 1, 0, byte(record.JSONValue), 0, 1, 2, 1, '{', 1, 0}},
		"no such node":            {section{kind: secNodes, name: "up", rows: 1}, []byte{1, 0, 1, 1, byte(record.BoolValue), 0, 1}},
	} {
		b := around(enc, []section{{kind: secTimes, rows: 3}, c.s}, [][]byte{{0, 2, 4}, c.raw})
		r, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Content(0); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		readAll(t, r)
	}
	// A megabyte of nothing in a few bytes is what a column may be, and more than so few bytes can be is not.
	packed := enc.EncodeAll(big, nil)
	s := stored{kind: secTimes, rows: 1, raw: uint64(len(packed))*maxRatio + 1, size: uint64(len(packed))}
	p := input{}
	if s.check(&p); p.err == nil {
		t.Errorf("%d bytes in %d are believed", s.raw, s.size)
	}
}

// One bit that is wrong anywhere in a file is found, or changes nothing that is read.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	whole := sample(t, Options{BlockBytes: 300})
	say := func(b []byte) (string, error) {
		r, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return "", err
		}
		var out []byte
		for i := range r.Blocks() {
			base, updates, err := r.Content(i)
			if err == nil {
				err = r.AddEvents(i, updates)
			}
			if err != nil {
				return "", err
			}
			out = base.AppendJSON(out)
			for k := range updates {
				out = updates[k].AppendJSON(out)
			}
		}
		err = r.Transfers(-1, record.MaxTime, func(x *record.Transfer) bool { out = fmt.Append(out, *x); return true })
		return string(out), err
	}
	want, err := say(whole)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		got, err := say(damaged)
		// A file whose index, or end, is damaged is read without; one whose block is, up to it.
		if err == nil && got != want && !prefix(want, got) {
			t.Fatalf("with another bit in byte %d of %d it says\n%s\nand not\n%s", i, len(whole), got, want)
		}
	}
}

func prefix(of, s string) bool { return len(s) <= len(of) && of[:len(s)] == s }

// The corpus that the documents speak of: a recording of this version that must be read for ever.
func TestOldRecordingsAreRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "version1.rec")
	if os.Getenv("RECORDING_UPDATE") != "" {
		if err := os.WriteFile(path, sample(t, Options{BlockBytes: 300}), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.At(3e9)
	if err != nil {
		t.Fatal(err)
	}
	u := m.Snapshot()
	want, err := os.ReadFile(filepath.Join("testdata", "version1.json"))
	if os.Getenv("RECORDING_UPDATE") != "" {
		want, err = u.AppendJSON(nil), os.WriteFile(filepath.Join("testdata", "version1.json"), u.AppendJSON(nil), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := u.AppendJSON(nil); !bytes.Equal(got, want) {
		t.Errorf("at 3 s it says\n%s\nand not\n%s", got, want)
	}
}
