package metric

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTakeReportsWhatHasChanged(t *testing.T) {
	var s Set
	if s.Take() != nil || (*Set)(nil).Take() != nil {
		t.Fatal("an empty set has something to report")
	}
	lookups := s.Counter("lookups")
	lookups.Add(2)
	s.Counter("lookups").Add(1)
	s.Gauge("neighbours").Set(5)
	s.Gauge("neighbours").Add(-2)
	s.Histogram("hops").Record(4)
	s.Histogram("delay").RecordTime(250 * time.Millisecond)
	s.State("phase", "joining", 1*time.Second)
	s.State("phase", "joining", 2*time.Second)
	s.State("phase", "joined", 3*time.Second)
	s.Note("repair", "lost my parent", 4*time.Second)
	got := s.Take()
	if !reflect.DeepEqual(got.Counters, []Count{{"lookups", 3}}) || !reflect.DeepEqual(got.Gauges, []Level{{"neighbours", 3}}) {
		t.Errorf("counters %v, gauges %v", got.Counters, got.Gauges)
	}
	if len(got.Histograms) != 2 || got.Histograms[0].Name != "delay" || got.Histograms[0].More.Mean() != 0.25 || got.Histograms[1].More.Sum() != 4 {
		t.Errorf("histograms %v", got.Histograms)
	}
	want := []Event{{time.Second, KindState, "phase", "joining"}, {3 * time.Second, KindState, "phase", "joined"}, {4 * time.Second, KindNote, "repair", "lost my parent"}}
	if !reflect.DeepEqual(got.Events, want) {
		t.Errorf("events %v", got.Events)
	}
	if s.Take() != nil {
		t.Error("what was taken is reported again")
	}
	lookups.Add(1)
	if got := s.Take(); !reflect.DeepEqual(got, &Changes{Counters: []Count{{"lookups", 1}}}) {
		t.Errorf("after more: %+v", got)
	}
}

func TestWhatGoesOverIsCounted(t *testing.T) {
	var s Set
	for i := range MaxNames + 10 {
		s.Counter("n" + strings.Repeat("x", i%60) + string(rune('a'+i/60))).Add(1)
	}
	s.Histogram("one-too-many").Record(1)
	s.Gauge("and-another").Set(1)
	c := s.Take()
	if len(c.Counters) != MaxNames || c.Refused != 12 || len(c.Histograms)+len(c.Gauges) != 0 {
		t.Errorf("%d counters, %d refused, and %d others; want %d, 12 and none", len(c.Counters), c.Refused, len(c.Histograms)+len(c.Gauges), MaxNames)
	}
	s = Set{}
	for range MaxEvents + 3 {
		s.Note("tick", strings.Repeat("ü", MaxText), 0)
	}
	s.Histogram("h").Record(math.NaN())
	s.Gauge("g").Set(math.Inf(1))
	c = s.Take()
	if len(c.Events) != MaxEvents || c.Refused != 5 || c.Events[0].Text != strings.Repeat("ü", MaxText/2) {
		t.Errorf("%d events, %d refused, text of %d bytes", len(c.Events), c.Refused, len(c.Events[0].Text))
	}
}

func TestNamesAreOfOneKind(t *testing.T) {
	for _, c := range []struct{ name, why string }{{"a", "is a counter"}, {"", "no name"}, {"7up", "no name"}, {"a b", "no name"}, {strings.Repeat("a", 65), "no name"}} {
		func() {
			defer func() {
				if got, ok := recover().(string); !ok || !strings.Contains(got, c.why) {
					t.Errorf("%q: panic %v, want one with %q", c.name, got, c.why)
				}
			}()
			var s Set
			s.Counter("a")
			s.Gauge(c.name)
		}()
	}
}

func TestKeptHandlesAllocateNothing(t *testing.T) {
	var s Set
	c, g, h := s.Counter("c"), s.Gauge("g"), s.Histogram("h")
	c.Add(1)
	g.Set(1)
	h.Record(1)
	if n := testing.AllocsPerRun(100, func() { c.Add(1); g.Set(2); h.Record(1) }); n != 0 {
		t.Errorf("%v allocations a use", n)
	}
}

// The oracle is the sorted numbers themselves.
func TestQuantilesAreNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Map(rapid.IntRange(0, 256), func(i int) float64 { return float64(i) })), 1, 200).Draw(t, "xs")
		cut := rapid.IntRange(0, len(xs)).Draw(t, "cut")
		var d, e Distribution
		for _, x := range xs[:cut] {
			d.Record(x)
		}
		for _, x := range xs[cut:] {
			e.Record(x)
		}
		rest, err := d.Read(e.Append(nil)) // merged through its bytes
		if err != nil || len(rest) > 0 {
			t.Fatalf("read what Append wrote: %v, rest %v", err, rest)
		}
		slices.Sort(xs)
		if d.Count() != uint64(len(xs)) || d.Min() != xs[0] || d.Max() != xs[len(xs)-1] {
			t.Fatalf("count %d, from %v to %v; want %d, %v, %v", d.Count(), d.Min(), d.Max(), len(xs), xs[0], xs[len(xs)-1])
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		want := xs[max(int(math.Ceil(q*float64(len(xs))-1e-9)), 1)-1]
		got := d.Quantile(q)
		if math.Abs(got-want) > math.Abs(want)/128 || want == math.Trunc(want) && math.Abs(want) <= 256 && got != want {
			t.Fatalf("quantile %v is %v, want %v", q, got, want)
		}
	})
}

func TestBinsAreBounded(t *testing.T) {
	var d Distribution
	for i := range 20_000 {
		d.Record(math.Pow(1.01, float64(i%10_000)) * 1e-20)
	}
	if len(d.bins) > MaxBins || d.Count() != 20_000 {
		t.Fatalf("%d bins, %d numbers", len(d.bins), d.Count())
	}
	want := math.Pow(1.01, 9_900) * 1e-20
	if got := d.Quantile(0.99); math.Abs(got-want) > want/50 {
		t.Errorf("p99 is %g, want %g: the upper quantiles must stay", got, want)
	}
}

func TestEmptyHasNoNumbers(t *testing.T) {
	var d Distribution
	for name, x := range map[string]float64{"mean": d.Mean(), "min": d.Min(), "max": d.Max(), "p50": d.Quantile(0.5)} {
		if !math.IsNaN(x) {
			t.Errorf("the %s of nothing is %v", name, x)
		}
	}
}

func TestChangesCrossAsJSON(t *testing.T) {
	var s Set
	s.Histogram("h").Record(3)
	s.Histogram("h").Record(-0.5)
	s.Counter("c").Add(1)
	was := s.Take()
	text, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	var is Changes
	if err := json.Unmarshal(text, &is); err != nil {
		t.Fatal(err)
	}
	h := is.Histograms[0].More
	if h.Count() != 2 || h.Min() != -0.5 || h.Max() != 3 || h.Sum() != 2.5 || !reflect.DeepEqual(is.Counters, was.Counters) {
		t.Errorf("%s became %+v", text, h)
	}
}

func FuzzRead(f *testing.F) {
	var d Distribution
	for _, x := range []float64{0, 1, -2, 1e9} {
		d.Record(x)
		f.Add(d.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d, e Distribution
		if _, err := d.Read(b); err != nil {
			if d.Count() != 0 {
				t.Fatalf("malformed bytes changed something: %v", err)
			}
			return
		}
		if _, err := e.Read(d.Append(nil)); err != nil || e.Count() != d.Count() || d.Count() > 0 && e.Quantile(0.5) != d.Quantile(0.5) {
			t.Fatalf("read, written and read again: %v", err)
		}
	})
}
