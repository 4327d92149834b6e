package trace_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/core/wire"
)

// echo answers data with data, up to a sequence number; at number 5 it panics if
// its world asks for it.
type echo struct {
	*core.Node
	panics bool
}

func (e *echo) Bind(n *core.Node) { e.Node = n }

func (e *echo) Process(m *core.Msg) core.Verdict {
	switch {
	case m.Type() == wire.TypeStarted:
		e.After(time.Millisecond, 9)
	case m.Type() == wire.TypeData && m.Seq() == 5 && e.panics:
		panic("number five")
	case m.Type() == wire.TypeData && m.Seq() < 8:
		r := e.NewMsg(wire.TypeData, m.App(), 10)
		r.SetSeq(m.Seq() + 1)
		copy(r.Payload(), "0123456789")
		e.Send(r, m.From())
	}
	return core.Done
}

// record runs a world of two nodes and returns its trace and its hash.
func record(t testing.TB, o trace.Options, panics bool) ([]byte, string) {
	var b bytes.Buffer
	tr := trace.NewWriter(&b, o)
	w := sim.New(sim.Options{Watch: tr})
	x := w.AddNode("x", func() core.Algorithm { return &echo{} })
	y := w.AddNode("10.9.9.9:80", func() core.Algorithm { return &echo{panics: panics} })
	n := x.Core()
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, 3, 0)
		m.SetSeq(1)
		n.Send(m, y.ID())
	})
	w.Schedule(sim.Fault{At: time.Second, Kind: sim.Crash, Nodes: []string{"x"}})
	if err := errors.Join(w.Run(), tr.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), tr.Hash()
}

// readAll reads a whole trace.
func readAll(b []byte) (recs []trace.Record, r *trace.Reader, err error) {
	r, err = trace.NewReader(bytes.NewReader(b))
	for err == nil {
		var rec trace.Record
		if rec, err = r.Next(); err == nil {
			recs = append(recs, rec)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return recs, r, err
}

func TestRoundTrip(t *testing.T) {
	b, hash := record(t, trace.Options{About: [][2]string{{"seed", "7"}}, Sent: true}, true)
	recs, r, err := readAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Hash() != hash || !slices.Equal(r.About(), [][2]string{{"seed", "7"}}) {
		t.Errorf("hash %s, want %s; about %v", r.Hash(), hash, r.About())
	}
	var lines []string
	for i, rec := range recs {
		if rec.Number != uint64(i) {
			t.Errorf("record %d has number %d", i, rec.Number)
		}
		lines = append(lines, fmt.Sprint(rec.At, " ", rec.Node, " ", rec.From, " ", rec.Subject(), " ", rec.Details()))
	}
	want := []string{
		"0s x - started ",
		"0s 10.9.9.9:80 - started ",
		"0s x - world-up ",
		"0s 10.9.9.9:80 - world-up ",
		"100µs 10.9.9.9:80 - link-up upstream",
		"200µs x - link-up downstream",
		"200µs x - sent 1 messages, 24 bytes",
		"300µs 10.9.9.9:80 x data #1, 0 bytes, ef46db3751d8e999",
		"400µs x - link-up upstream",
		"500µs 10.9.9.9:80 - link-up downstream",
		"500µs 10.9.9.9:80 - sent 1 messages, 34 bytes",
	}
	if len(lines) < len(want) || !slices.Equal(lines[:len(want)], want) {
		t.Errorf("the trace begins\n%s\nwant\n%s", strings.Join(lines[:min(len(lines), len(want))], "\n"), strings.Join(want, "\n"))
	}
	for _, w := range []string{"900µs 10.9.9.9:80 - ended crashed: number five", "1s - - fault 1s crash x", "1s x - ended ", "1ms x - timer timer 9"} {
		if !slices.Contains(lines, w) {
			t.Errorf("%q is not in the trace\n%s", w, strings.Join(lines, "\n"))
		}
	}
}

func TestSameRunSameBytes(t *testing.T) {
	a, _ := record(t, trace.Options{}, false)
	b, _ := record(t, trace.Options{}, false)
	if !bytes.Equal(a, b) {
		t.Error("two runs of one world have different traces")
	}
}

// Every damage is found: a byte that is lost, one that is another, the end missing.
func TestDamage(t *testing.T) {
	good, _ := record(t, trace.Options{About: [][2]string{{"seed", "7"}}}, true)
	for i := range good {
		if _, _, err := readAll(good[:i]); !errors.Is(err, trace.ErrFormat) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := slices.Clone(good)
			bad[i] ^= flip
			if _, _, err := readAll(bad); !errors.Is(err, trace.ErrFormat) {
				t.Fatalf("byte %d of %d ^ %#x: %v", i, len(good), flip, err)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	good, _ := record(f, trace.Options{About: [][2]string{{"seed", "7"}}, Sent: true}, true)
	f.Add(good)
	f.Add(good[:40])
	f.Add([]byte("IOVTRACE\x01\x08\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, r, err := readAll(b)
		if err == nil && len(r.Hash()) != 2*sha256.Size {
			t.Error("a trace without a hash was read without an error")
		}
		if err != nil && !errors.Is(err, trace.ErrFormat) {
			t.Errorf("bytes from memory gave %v", err)
		}
	})
}

func TestDiff(t *testing.T) {
	a, _ := record(t, trace.Options{}, false)
	b, _ := record(t, trace.Options{}, true)
	diff := func(a, b []byte, around int) trace.Difference {
		ra, err1 := trace.NewReader(bytes.NewReader(a))
		rb, err2 := trace.NewReader(bytes.NewReader(b))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		d, err := trace.Diff(ra, rb, around)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := diff(a, a, 2); !d.Same || d.HashA != d.HashB || d.HashA == "" || len(d.A) != 0 {
		t.Errorf("a trace differs from itself: %+v", d)
	}
	d := diff(a, b, 2)
	if d.Same || len(d.Before) != 2 || len(d.A) != 3 || len(d.B) != 3 {
		t.Fatalf("got %+v", d)
	}
	if last := d.Before[1]; last.Seq != 5 || last.Number+1 != d.Common {
		t.Errorf("the last in common is %+v", last)
	}
	if d.B[0].Kind != trace.Ended || d.A[0].Kind != trace.Message || d.A[0].Number != d.Common {
		t.Errorf("they part at %+v and %+v", d.A[0], d.B[0])
	}
}

func TestFilter(t *testing.T) {
	b, _ := record(t, trace.Options{Sent: true}, true)
	recs, _, err := readAll(b)
	if err != nil {
		t.Fatal(err)
	}
	three, zero := uint32(3), uint32(0)
	for _, c := range []struct {
		name string
		f    trace.Filter
		want int
	}{
		{"all", trace.Filter{}, len(recs)},
		{"a node by name", trace.Filter{Node: "x", Kinds: []trace.Kind{trace.Message}, Types: []core.Type{wire.TypeData}}, 2},
		{"a node by ID", trace.Filter{Node: "10.0.0.1:7000", Types: []core.Type{wire.TypeData}}, 2},
		{"a link", trace.Filter{Node: "10.9.9.9:80", From: "x", Types: []core.Type{wire.TypeData}}, 3},
		{"the events of a link", trace.Filter{Node: "10.9.9.9:80", From: "x", Types: []core.Type{wire.TypeLinkUp}}, 2},
		{"what was sent on a link", trace.Filter{Node: "10.9.9.9:80", From: "x", Kinds: []trace.Kind{trace.Sent}}, 4}, // one of them a broken source
		{"who made it", trace.Filter{Sender: "10.9.9.9:80", Types: []core.Type{wire.TypeData}}, 2},
		{"an application", trace.Filter{App: &three, Types: []core.Type{wire.TypeData}}, 5},
		{"no application", trace.Filter{App: &zero}, 5},
		{"a time", trace.Filter{After: time.Second, Before: time.Second + 1}, 2},
		{"nothing", trace.Filter{Node: "nobody"}, 0},
	} {
		got := 0
		for i := range recs {
			if c.f.Wants(&recs[i]) {
				got++
			}
		}
		if got != c.want {
			t.Errorf("%s: %d records, want %d", c.name, got, c.want)
		}
	}
}

// full is an output with no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriteError(t *testing.T) {
	tr := trace.NewWriter(full{}, trace.Options{})
	for range 2 {
		if err := tr.Close(); err == nil || !strings.Contains(err.Error(), "no room") {
			t.Errorf("Close returned %v", err)
		}
	}
}
