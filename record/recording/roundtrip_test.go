package recording_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
	"github.com/ioverlay/ioverlay/record/recordtest"
)

// history is what was recorded, kept in the plainest way: all of it, in a list.
type history struct {
	updates   []record.Update
	transfers []record.Transfer
}

// drawHistory draws updates in order of time and transfers among them.
func drawHistory(t *rapid.T) (h history) {
	at := 0.0
	for range rapid.IntRange(0, 25).Draw(t, "updates") {
		at += float64(rapid.IntRange(0, 3).Draw(t, "step")) / 8
		var u record.Update
		if err := json.Unmarshal(recordtest.Update(t, at), &u); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 2).Draw(t, "events") {
			u.Events = append(u.Events, record.Event{T: u.T - record.Time(rapid.Int64Range(0, int64(u.T)).Draw(t, "before")), Kind: "told",
				Node: record.To(3), App: rapid.Uint32().Draw(t, "app"), Text: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "text"), By: "x"})
		}
		h.updates = append(h.updates, u)
		for range rapid.IntRange(0, 2).Draw(t, "transfers") {
			x := record.Transfer{From: rapid.Uint32Range(0, record.MaxNodes-1).Draw(t, "from"), To: 1, App: rapid.Uint32().Draw(t, "app"), Type: 1000,
				Seq: rapid.Uint64().Draw(t, "seq"), Bytes: 24, Left: record.Time(rapid.Int64Range(0, 5e9).Draw(t, "left")), Arrived: record.Never}
			if rapid.Bool().Draw(t, "arrives") {
				x.Arrived = x.Left + record.Time(rapid.Int64Range(0, 1e9).Draw(t, "took"))
			}
			h.transfers = append(h.transfers, x)
		}
	}
	return h
}

// write records a history; the k-th transfer goes after the k-th update, or at the end.
func (h *history) write(t testing.TB, out io.Writer, o recording.Options, end recording.End) {
	t.Helper()
	w, err := recording.NewWriter(out, recording.Meta{World: "sim", Title: "a test"}, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range max(len(h.updates), len(h.transfers)) {
		if i < len(h.updates) {
			if err := w.Update(&h.updates[i]); err != nil {
				t.Fatal(err)
			}
		}
		if i < len(h.transfers) {
			if err := w.Transfer(h.transfers[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(end); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, b []byte) *recording.Reader {
	t.Helper()
	r, err := recording.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func snapshot(m *record.Model) string {
	u := m.Snapshot()
	u.T = 0 // of the last update that there was, or the time that was asked for
	return string(u.AppendJSON(nil))
}

// Whatever was recorded, in blocks of any size, a reader knows how things stood at every time, what happened in every
// span, and how every value changed, as a list of all that was recorded says.
func TestReaderSaysWhatWasRecorded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		var file bytes.Buffer
		h.write(t, &file, recording.Options{BlockBytes: rapid.SampledFrom([]int{1, 200, 1 << 20}).Draw(rt, "block"), BlockTime: 1e9}, recording.End{Ended: 9e9, Stopped: true})
		r, err := recording.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			rt.Fatal(err)
		}
		if ok, _ := r.Complete(); !ok || r.End().Ended != 9e9 || !r.End().Stopped || r.Meta().Title != "a test" {
			rt.Fatalf("complete %v, %+v, %+v", ok, r.Meta(), r.End())
		}
		h.checkAt(rt, r)
		h.checkSpans(rt, r)
		h.checkSeries(rt, r)
	})
}

func (h *history) checkAt(t *rapid.T, r *recording.Reader) {
	var want record.Model
	for i := 0; i <= len(h.updates); i++ {
		at, next := record.Time(0), record.Time(math.MaxInt64)
		if i > 0 {
			if err := want.Apply(&h.updates[i-1]); err != nil {
				t.Fatal(err)
			}
			at = h.updates[i-1].T
		}
		if i < len(h.updates) {
			next = h.updates[i].T
		}
		if next == at { // not the last at its time
			continue
		}
		for _, at := range []record.Time{at, min(next-1, at+1e12)} {
			got, err := r.At(at)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := snapshot(got), snapshot(&want); a != b {
				t.Fatalf("at %d: %s\nand should be %s", at, a, b)
			}
		}
	}
}

func (h *history) checkSpans(t *rapid.T, r *recording.Reader) {
	after := record.Time(rapid.Int64Range(-1, 3e9).Draw(t, "after"))
	until := after + record.Time(rapid.Int64Range(0, 6e9).Draw(t, "span"))
	in := func(at record.Time) bool { return at > after && at <= until }
	var wantEvents, events, wantStates, states []string
	for i := range h.updates {
		for _, e := range h.updates[i].Events {
			if in(e.T) {
				wantEvents = append(wantEvents, string(e.AppendJSON(nil)))
			}
		}
		if h.updates[i].Full {
			continue // what it says of states is what has changed
		}
		for _, s := range h.updates[i].States {
			if in(s.T) {
				wantStates = append(wantStates, string(s.AppendJSON(nil)))
			}
		}
	}
	full := map[record.Time]bool{}
	for i := range h.updates {
		full[h.updates[i].T] = full[h.updates[i].T] || h.updates[i].Full
	}
	if err := r.Events(after, until, func(e *record.Event) bool { events = append(events, string(e.AppendJSON(nil))); return true }); err != nil {
		t.Fatal(err)
	}
	if err := r.States(after, until, func(s *record.State) bool {
		if !full[s.T] {
			states = append(states, string(s.AppendJSON(nil)))
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	wantStates = slices.DeleteFunc(wantStates, func(s string) bool {
		var x record.State
		_ = json.Unmarshal([]byte(s), &x)
		return full[x.T]
	})
	if fmt.Sprint(events) != fmt.Sprint(wantEvents) || fmt.Sprint(states) != fmt.Sprint(wantStates) {
		t.Fatalf("events %v and states %v\nshould be %v and %v", events, states, wantEvents, wantStates)
	}
	var got, want []record.Transfer
	if err := r.Transfers(after, until, func(x *record.Transfer) bool { got = append(got, *x); return true }); err != nil {
		t.Fatal(err)
	}
	for _, x := range h.transfers {
		if in(x.Left) {
			want = append(want, x)
		}
	}
	less := func(a, b record.Transfer) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	slices.SortFunc(got, less)
	slices.SortFunc(want, less)
	if !slices.Equal(got, want) {
		t.Fatalf("transfers %+v\nshould be %+v", got, want)
	}
	h.checkUpdates(t, r, after, until)
}

// checkUpdates goes from how things stood by the updates of a span to how they stood later.
func (h *history) checkUpdates(t *rapid.T, r *recording.Reader, after, until record.Time) {
	m, err := r.At(after)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Updates(after, until, func(u *record.Update) bool {
		if u.Full || u.T <= after || u.T > until {
			t.Fatalf("an update at %d, full %v, between %d and %d", u.T, u.Full, after, until)
		}
		return m.Apply(u) == nil
	}); err != nil {
		t.Fatal(err)
	}
	want, err := r.At(until)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := snapshot(m), snapshot(want); a != b {
		t.Fatalf("updates after %d until %d lead to\n%s and not\n%s", after, until, a, b)
	}
}

func (h *history) checkSeries(t *rapid.T, r *recording.Reader) {
	if slices.ContainsFunc(h.updates, func(u record.Update) bool {
		return slices.ContainsFunc(u.Nodes, func(n record.Node) bool { return n.Gone }) || u.Full
	}) {
		return // a node that is gone has no values, which its columns do not say
	}
	p, _ := record.ParsePath(false, "in")
	begin := record.Time(rapid.Int64Range(0, 3e9).Draw(t, "begin"))
	end := begin + record.Time(rapid.Int64Range(0, 3e9).Draw(t, "span"))
	var want []recording.Point
	held := recording.Point{T: begin, V: math.NaN()}
	for i := range h.updates {
		for k := range h.updates[i].Nodes {
			n := &h.updates[i].Nodes[k]
			if n.I != 1 || n.In.IsZero() || h.updates[i].T > end {
				continue
			}
			point := recording.Point{T: h.updates[i].T, V: n.In.Or(math.NaN())}
			if point.T <= begin {
				held.V = point.V
				continue
			}
			want = append(want, point)
		}
	}
	if !math.IsNaN(held.V) {
		want = append([]recording.Point{held}, want...)
	}
	var got []recording.Point
	if err := r.Series(p, false, 1, 0, begin, end, func(p recording.Point) bool { got = append(got, p); return true }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("the series is %v and should be %v", got, want)
	}
}

// A file that ends anywhere is read up to its last whole block, and what is read is right.
func TestKilledWriterLeavesWholeBlocks(t *testing.T) {
	t.Parallel()
	var h history
	for i := range 40 {
		h.updates = append(h.updates, record.Update{T: record.Time(i) * 1e9, Nodes: []record.Node{{I: uint32(i % 3), In: record.Number(i)}}, Events: []record.Event{{T: record.Time(i) * 1e9, Kind: "up", Text: fmt.Sprint(i)}}})
	}
	var file bytes.Buffer
	h.write(t, &file, recording.Options{BlockBytes: 40}, recording.End{})
	whole := open(t, file.Bytes())
	blocks := len(whole.Blocks())
	if blocks < 4 {
		t.Fatalf("%d blocks", blocks)
	}
	least := 0
	for n := range file.Len() {
		r, err := recording.Open(bytes.NewReader(file.Bytes()[:n]), int64(n))
		if err != nil {
			if !errors.Is(err, recording.ErrFormat) || least > 0 {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		if ok, _ := r.Complete(); ok {
			t.Fatalf("%d of %d bytes are complete", n, file.Len())
		}
		got := len(r.Blocks())
		if got < least || got > blocks {
			t.Fatalf("%d bytes have %d blocks, and fewer had %d", n, got, least)
		}
		if got > least { // once for each
			last := r.Blocks()[got-1].End
			a, err := r.At(last)
			if err != nil {
				t.Fatal(err)
			}
			b, err := whole.At(last)
			if err != nil || snapshot(a) != snapshot(b) {
				t.Fatalf("%d bytes: at %d %s and should be %s: %v", n, last, snapshot(a), snapshot(b), err)
			}
		}
		least = got
	}
	if least != blocks {
		t.Fatalf("all but the index has %d of %d blocks", least, blocks)
	}
}

// The same updates give the same bytes.
func TestRecordingIsDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		var a, b bytes.Buffer
		h.write(t, &a, recording.Options{BlockBytes: 100}, recording.End{})
		h.write(t, &b, recording.Options{BlockBytes: 100}, recording.End{})
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			rt.Fatal("two recordings of the same updates differ")
		}
	})
}

// full is a disk with so much room, and then none; short writes without an error are what io.Writer forbids and some do.
type full struct {
	room  int
	short bool
}

var errFull = errors.New("no space left on device")

func (f *full) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return len(b), nil
	}
	n := f.room
	f.room = 0
	if f.short {
		return n, nil
	}
	return n, errFull
}

func TestFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	for _, short := range []bool{false, true} {
		want := errFull
		if short {
			want = io.ErrShortWrite
		}
		for room := 0; room < 2000; room += 41 {
			disk := &full{room: room, short: short}
			w, err := recording.NewWriter(disk, recording.Meta{}, recording.Options{BlockBytes: 1})
			for i := range 10 {
				if err == nil {
					err = w.Update(&record.Update{T: record.Time(i), Nodes: []record.Node{{In: record.Number(i)}}})
				}
			}
			if err == nil {
				err = w.Close(recording.End{})
			}
			if err == nil {
				if disk.room > 1900 {
					t.Fatalf("a file of %d bytes", room-disk.room)
				}
				break
			}
			if !errors.Is(err, want) {
				t.Fatalf("with room for %d bytes: %v", room, err)
			}
		}
	}
}

func TestWriterRefusesWhatMayNotBe(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w, err := recording.NewWriter(&file, recording.Meta{}, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Update(&record.Update{T: 5}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		u    record.Update
		want error
	}{
		"earlier":    {record.Update{T: 4}, recording.ErrOrder},
		"a node":     {record.Update{T: 6, Nodes: []record.Node{{I: record.MaxNodes}}}, record.ErrLimit},
		"full":       {record.Update{T: 6, Full: true, Nodes: []record.Node{{I: record.MaxNodes}}}, record.ErrLimit},
		"an event":   {record.Update{T: 6, Events: []record.Event{{T: -1}}}, record.ErrLimit},
		"a long one": {record.Update{T: 6, Events: []record.Event{{Text: string(make([]byte, record.MaxText+1))}}}, record.ErrLimit},
		"a state":    {record.Update{T: 6, States: []record.State{{T: record.MaxTime + 1}}}, record.ErrLimit},
	} {
		if err := w.Update(&c.u); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, x := range []record.Transfer{{Left: -1}, {Left: 5, Arrived: 4}, {From: record.MaxNodes}, {To: record.MaxNodes}, {Arrived: record.MaxTime + 1}} {
		if err := w.Transfer(x); !errors.Is(err, record.ErrLimit) {
			t.Errorf("%+v: %v", x, err)
		}
	}
	if err := w.Update(&record.Update{T: 7, Nodes: []record.Node{{I: 1}}}); err != nil {
		t.Errorf("after all that: %v", err)
	}
	if err := w.Close(recording.End{}); err != nil {
		t.Error(err)
	}
	m, err := open(t, file.Bytes()).At(7)
	if err != nil {
		t.Fatal(err)
	}
	if nodes, _ := m.Len(); nodes != 1 {
		t.Errorf("%d nodes", nodes)
	}
}
