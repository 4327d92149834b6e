package record_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/record"
)

func TestTimeIsExactInJSON(t *testing.T) {
	t.Parallel()
	for ns, want := range map[record.Time]string{0: "0", 1: "0.000000001", 12_500_000_000: "12.5", -1: "-0.000000001", 3600e9: "3600", 1_000_000_010: "1.00000001"} {
		if got := string(ns.AppendJSON(nil)); got != want {
			t.Errorf("%d ns is %s, want %s", ns, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		// Float64 holds nanoseconds up to some hundred days.
		at := record.Time(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(t, "ns"))
		var back record.Time
		if err := back.UnmarshalJSON(at.AppendJSON(nil)); err != nil || back != at {
			t.Fatalf("%d became %d: %v", at, back, err)
		}
	})
}

func TestWhatJSONCannotWriteIsNoValue(t *testing.T) {
	t.Parallel()
	n := record.Node{In: record.Set(math.NaN()), Out: record.Set(math.Inf(1)), Extra: record.Set(record.JSON("{")), Lost: record.Lost{In: record.Set(record.Pair{1, math.NaN()})}}
	if got := string(n.AppendJSON(nil)); got != `{"i":0,"in":null,"out":null,"lost":{"in":null},"extra":null}` {
		t.Error(got)
	}
}

func TestModelRefusesWhatIsOverItsLimitsAndStaysAsItWas(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", record.MaxText+1)
	for name, u := range map[string]record.Update{
		"time":      {T: -1},
		"late":      {T: record.MaxTime + 1},
		"node":      {Nodes: []record.Node{{I: record.MaxNodes}}},
		"name":      {Nodes: []record.Node{{Name: record.Set(long)}}},
		"extra":     {Nodes: []record.Node{{Extra: record.Set(record.JSON(`"` + long + `"`))}}},
		"apps":      {Nodes: []record.Node{{Apps: make([]record.App, record.MaxApps+1)}}},
		"metrics":   {Nodes: []record.Node{{Metrics: make([]record.Metric, record.MaxMetrics+1)}}},
		"metric":    {Nodes: []record.Node{{Metrics: []record.Metric{{Name: long}}}}},
		"no text":   {Nodes: []record.Node{{Metrics: []record.Metric{{Name: "\xff"}}}}},
		"link":      {Links: []record.Link{{F: record.MaxNodes}}},
		"link apps": {Links: []record.Link{{Apps: make([]record.App, record.MaxApps+1)}}},
		"state":     {States: []record.State{{Name: long}}},
	} {
		var m record.Model
		if err := m.Apply(&record.Update{T: 5, Nodes: []record.Node{{I: 1}}}); err != nil {
			t.Fatal(err)
		}
		u.Full = true
		u.Nodes = append(u.Nodes, record.Node{I: 2})
		if err := m.Apply(&u); !errors.Is(err, record.ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
		if nodes, _ := m.Len(); nodes != 1 || m.Time() != 5 {
			t.Errorf("%s: %d nodes at %d after an update that was refused", name, nodes, m.Time())
		}
	}
}

// A snapshot, and what is asked for one by one, is the caller's: later updates do not reach it, and what its owner
// writes does not reach the model.
func TestSnapshotIsTheCallers(t *testing.T) {
	t.Parallel()
	update := func(in float64) *record.Update {
		return &record.Update{Nodes: []record.Node{{Apps: []record.App{{ID: 1, In: record.Set(in)}}, Metrics: []record.Metric{{Name: "m", Value: record.Set(in)}}}},
			Links: []record.Link{{T: 1, Apps: []record.App{{ID: 1, Rate: record.Set(in)}}}}}
	}
	var m record.Model
	first := update(1)
	if err := m.Apply(first); err != nil {
		t.Fatal(err)
	}
	before := m.Snapshot()
	text := string(before.AppendJSON(nil))
	if err := m.Apply(update(2)); err != nil {
		t.Fatal(err)
	}
	if got := string(before.AppendJSON(nil)); got != text {
		t.Errorf("a snapshot changed from %s to %s", text, got)
	}
	if in := first.Nodes[0].Apps[0].In.Or(0); in != 1 {
		t.Errorf("an update that was applied became %v", in)
	}
	after := m.Snapshot()
	after.Nodes[0].Apps[0].In, after.Links[0].Apps[0].Rate = record.Set(3.0), record.Set(3.0)
	after.Nodes[0].Metrics[0].Value = record.Set(3.0)
	if n, _ := m.Node(0); n.Apps[0].In.Or(0) != 2 || n.Metrics[0].Value.Or(0) != 2 {
		t.Error("writing into a snapshot changed the model")
	}
	if l, _ := m.Link(0, 1); l.Apps[0].Rate.Or(0) != 2 {
		t.Error("writing into a snapshot changed the model's link")
	}
}

// Links that come and go leave nothing.
func TestLinksThatComeAndGoTakeNoRoom(t *testing.T) {
	t.Parallel()
	var m record.Model
	for i := range uint32(5000) {
		u := record.Update{Links: []record.Link{{F: i % 7, T: i % 11}, {F: (i + 1) % 7, T: (i + 1) % 11, Gone: true}}}
		if err := m.Apply(&u); err != nil {
			t.Fatal(err)
		}
	}
	var shown [][2]uint32
	for l := range m.EachLink {
		shown = append(shown, [2]uint32{l.F, l.T})
	}
	if _, links := m.Len(); links != len(shown) || !slices.IsSortedFunc(shown, func(a, b [2]uint32) int { return slices.Compare(a[:], b[:]) }) {
		t.Errorf("%d links, and shown are %v", links, shown)
	}
}

func TestColumnsOutliveTheWire(t *testing.T) {
	t.Parallel()
	want := record.Transfers{Total: 9, List: []record.Transfer{
		{From: 1, To: 2, App: 3, Type: 1000, Seq: 1 << 40, Bytes: 5144, Left: 1_500_000_000, Arrived: 1_600_000_001},
		{From: 4, To: 5, Left: 2e9, Arrived: record.Never},
	}}
	b := want.AppendColumns(nil)
	if len(b) != 8+2*44 {
		t.Fatalf("%d bytes", len(b))
	}
	got, err := record.ParseColumns(b)
	if err != nil || got.Total != want.Total || !slices.Equal(got.List, want.List) {
		t.Fatalf("%+v became %+v: %v", want, got, err)
	}
	for n := range len(b) {
		if _, err := record.ParseColumns(b[:n]); err == nil {
			t.Fatalf("%d of %d bytes are no error", n, len(b))
		}
	}
}

// tick is one poll of a large overlay: every node has other rates.
func tick(nodes int, t record.Time) *record.Update {
	u := &record.Update{T: t}
	for i := range nodes {
		v := float64(i) + float64(t)
		u.Nodes = append(u.Nodes, record.Node{I: uint32(i), In: record.Set(v), Out: record.Set(v), Queued: record.Queued{Msgs: record.Set(v)},
			Apps: []record.App{{ID: 1, In: record.Set(v)}}})
	}
	return u
}

func BenchmarkApply10000(b *testing.B) {
	var m record.Model
	updates := []*record.Update{tick(10_000, 1), tick(10_000, 2)}
	b.ReportAllocs()
	for i := range b.N {
		if err := m.Apply(updates[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON10000(b *testing.B) {
	u := tick(10_000, 1)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = u.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkSnapshot10000(b *testing.B) {
	var m record.Model
	if err := m.Apply(tick(10_000, 1)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Snapshot()
	}
}
