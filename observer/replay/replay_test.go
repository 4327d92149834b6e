package replay_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/replay"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

// made is a recording of so many nodes in a ring whose rates change every second, with so many events, and as many
// transfers.
func made(t testing.TB, nodes, events int, world string) (*recording.Reader, []byte) {
	t.Helper()
	var file bytes.Buffer
	w, err := recording.NewWriter(&file, recording.Meta{World: world, Title: "made"}, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const seconds = 100
	for s := range seconds {
		at := record.Time(s) * 1e9
		u := record.Update{T: at}
		for i := range uint32(nodes) {
			n := record.Node{I: i, In: record.Number(rng.IntN(500_000)), Out: record.Number(rng.IntN(500_000)), Queued: record.Queued{Msgs: record.Number(rng.IntN(20))}}
			l := record.Link{F: i, T: (i + 1) % uint32(nodes), Rate: n.Out}
			if s == 0 {
				n.Name, n.Up, n.Place.Lat = record.Set(fmt.Sprint("n", i)), record.Set(true), record.Set(1.0)
				l.Up = record.Set(true)
			}
			u.Nodes, u.Links = append(u.Nodes, n), append(u.Links, l)
		}
		for k := range events / seconds {
			node := uint32(rng.IntN(nodes))
			e := record.Event{T: at - min(at, record.Time(k%10)*1e7), Kind: "told", Node: record.To(node), Peer: record.To((node + 1) % uint32(nodes)), App: 1, Text: "link-down: reset"}
			u.Events = append(u.Events, e)
			if err := w.Transfer(record.Transfer{From: node, To: (node + 1) % uint32(nodes), App: 1, Seq: uint64(k), Bytes: 1024, Left: at + record.Time(k), Arrived: at + record.Time(k) + 5e7}); err != nil {
				t.Fatal(err)
			}
		}
		u.States = append(u.States, record.State{T: at, Node: uint32(s % nodes), Name: "chunks", Value: record.NumberOf(float64(s)), Of: record.Set(100.0)})
		if err := w.Update(&u); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(recording.End{Ended: seconds * 1e9, Expectations: []recording.Expectation{{Text: "x", Held: true}}}); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r, file.Bytes()
}

func source(t testing.TB, r *recording.Reader) *replay.Source {
	t.Helper()
	s, err := replay.New(r, "test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the source says is what the reader says, whatever was kept.
func TestSourceSaysWhatTheReaderSays(t *testing.T) {
	t.Parallel()
	r, _ := made(t, 20, 20_000, "sim")
	if len(r.Blocks()) < 6 {
		t.Fatalf("%d blocks are too few for a test of what is kept", len(r.Blocks()))
	}
	s := source(t, r)
	m, err := s.Meta(t.Context())
	if err != nil || m.Mode != api.ModeSim || m.Nodes != 20 || m.Links != 20 || !m.Has.Transfers || !m.Has.States || !m.Has.Places || m.End != 100e9 || len(m.Expectations) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		at := record.Time(rng.Int64N(100e9))
		got, err := s.Snapshot(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		model, err := r.At(at)
		if err != nil {
			t.Fatal(err)
		}
		want := model.Snapshot()
		want.T = at
		if a, b := string(got.AppendJSON(nil)), string(want.AppendJSON(nil)); a != b {
			t.Fatalf("at %d it says %s and not %s", at, a, b)
		}
		to := at + record.Time(rng.Int64N(10e9))
		last := *got
		if err := s.Updates(t.Context(), at, to, func(u *record.Update) bool { return model.Apply(u) == nil }); err != nil {
			t.Fatal(err)
		}
		then, err := s.Snapshot(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		now := model.Snapshot()
		now.T = min(to, 100e9)
		if a, b := string(then.AppendJSON(nil)), string(now.AppendJSON(nil)); a != b {
			t.Fatalf("from %d (%d nodes) to %d updates lead to %s and not %s", at, len(last.Nodes), to, b, a)
		}
	}
	if _, err := s.Snapshot(t.Context(), -1); !errors.Is(err, api.ErrNoHistory) {
		t.Errorf("before the beginning: %v", err)
	}
}

func TestEventsAreInOrder(t *testing.T) {
	t.Parallel()
	r, _ := made(t, 20, 20_000, "live")
	s := source(t, r)
	n, last := 0, record.Time(0)
	if err := s.Events(t.Context(), 1e9, 50e9, func(e *record.Event) bool {
		if e.T < last && last-e.T > 1e9 || e.T < 1e9 || e.T > 50e9 {
			t.Errorf("an event at %d after one at %d", e.T, last)
		}
		n, last = n+1, e.T
		return true
	}); err != nil || n < 9_000 {
		t.Errorf("%d events: %v", n, err)
	}
	lines, err := s.Log(t.Context(), 300)
	if err != nil || len(lines) != 300 || lines[299].Kind != "told" || !strings.HasPrefix(lines[299].Name, "n") {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

func TestSeriesAndTransfersOfASource(t *testing.T) {
	t.Parallel()
	r, _ := made(t, 20, 20_000, "sim")
	s := source(t, r)
	series, err := s.Series(t.Context(), api.SeriesQuery{Node: 7, Field: "in", From: 10_500_000_000, To: api.Latest, Points: 1000})
	if err != nil || len(series.T) < 85 || series.T[0] != 10_500_000_000 || series.T[len(series.T)-1] != 100e9 {
		t.Fatalf("%d points: %v", len(series.T), err)
	}
	for i, at := range series.T {
		u, err := s.Snapshot(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if want := u.Nodes[7].In.Or(math.NaN()); series.V[i] != want {
			t.Errorf("at %d it is %v and not %v", at, series.V[i], want)
		}
	}
	few, err := s.Series(t.Context(), api.SeriesQuery{Link: true, Node: 3, Peer: 4, Field: "rate", To: api.Latest, Points: 20})
	if err != nil || len(few.T) > 20 || len(few.T) < 10 {
		t.Errorf("%d points: %v", len(few.T), err)
	}
	if none, err := s.Series(t.Context(), api.SeriesQuery{Field: "nothing", To: api.Latest, Points: 20}); err != nil || len(none.T) != 0 {
		t.Errorf("%v, %v", none, err)
	}
	all, err := s.Transfers(t.Context(), 10e9, 30e9, 100)
	if err != nil || all.Total < 3900 || all.Total > 4100 || len(all.List) != 100 || all.List[0].Left <= 10e9 {
		t.Errorf("%d of %d transfers: %v", len(all.List), all.Total, err)
	}
}

// The API's server serves it as it serves an overlay that lives.
func TestServedOverHTTP(t *testing.T) {
	t.Parallel()
	r, _ := made(t, 5, 1000, "sim")
	server := httptest.NewServer(api.New(source(t, r), api.Options{ReadOnly: true}))
	t.Cleanup(server.Close)
	get := func(path string) []byte {
		t.Helper()
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // it was read
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s: %s %v", path, resp.Status, b, err)
		}
		return b
	}
	var u record.Update
	if err := json.Unmarshal(get("/api/v1/snapshot?at=50"), &u); err != nil || len(u.Nodes) != 5 || u.T != 50e9 || len(u.States) != 5 {
		t.Errorf("a snapshot of %d nodes at %d: %v", len(u.Nodes), u.T, err)
	}
	if x, err := record.ParseColumns(get("/api/v1/transfers?from=10&to=20&limit=50")); err != nil || len(x.List) != 50 {
		t.Errorf("%d transfers: %v", len(x.List), err)
	}
	for _, path := range []string{"/api/v1/meta", "/api/v1/updates?from=10&to=20", "/api/v1/events?from=0&to=100&limit=10", "/api/v1/states?from=0&to=100", "/api/v1/series?kind=node&key=3&field=in&from=0&to=100&points=50", "/api/v1/log?limit=10", "/api/v1/export?format=dot&at=3"} {
		if b := get(path); len(b) == 0 {
			t.Errorf("%s is empty", path)
		}
	}
}

func TestComparable(t *testing.T) {
	t.Parallel()
	a, _ := made(t, 5, 100, "sim")
	b, _ := made(t, 5, 100, "live")
	c, _ := made(t, 6, 100, "live")
	if why, err := replay.Comparable(t.Context(), source(t, a), source(t, b)); err != nil || why != "" {
		t.Errorf("%q, %v", why, err)
	}
	if why, err := replay.Comparable(t.Context(), source(t, a), source(t, c)); err != nil || why != "one has 5 nodes and the other 6" {
		t.Errorf("%q, %v", why, err)
	}
}

// TestLargeRecording measures a recording of 1,000 nodes with 1,000,000 events and as many transfers. It is for people:
//
//	RECORDING_LARGE=1 go test ./observer/replay -run LargeRecording -v
func TestLargeRecording(t *testing.T) {
	if os.Getenv("RECORDING_LARGE") == "" {
		t.Skip("set RECORDING_LARGE to measure")
	}
	began := time.Now()
	_, file := made(t, 1000, 1_000_000, "sim")
	t.Logf("written in %v: %d bytes", time.Since(began), len(file))
	began = time.Now()
	r, err := recording.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	s := source(t, r)
	t.Logf("%d blocks; opened in %v", len(r.Blocks()), time.Since(began))
	rng := rand.New(rand.NewPCG(5, 6))
	worst, total := time.Duration(0), time.Duration(0)
	for range 50 {
		began = time.Now()
		if _, err := s.Snapshot(t.Context(), record.Time(rng.Int64N(100e9))); err != nil {
			t.Fatal(err)
		}
		worst, total = max(worst, time.Since(began)), total+time.Since(began)
	}
	t.Logf("50 seeks anywhere: %v each, at worst %v", total/50, worst)
	for name, fn := range map[string]func() error{
		"updates of 10 s":      func() error { return s.Updates(t.Context(), 40e9, 50e9, func(*record.Update) bool { return true }) },
		"all 1,000,000 events": func() error { return s.Events(t.Context(), 0, 100e9, func(*record.Event) bool { return true }) },
		"a series over all": func() error {
			_, err := s.Series(t.Context(), api.SeriesQuery{Node: 7, Field: "in", To: api.Latest, Points: 600})
			return err
		},
		"transfers of 1 s": func() error { _, err := s.Transfers(t.Context(), 40e9, 41e9, 1_000_000); return err },
	} {
		began = time.Now()
		if err := fn(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %v", name, time.Since(began))
	}
}
