package nodereport_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/metric"
)

// What was counted adds up, what is set is what it is now, and what has happened is told once.
func TestKeeper(t *testing.T) {
	var set metric.Set
	var k nodereport.Keeper
	if f := k.Take(set.Take()); f != nil || f.String() != "" {
		t.Errorf("of nothing it is %v", f)
	}
	set.Counter("blocks").Add(3)
	set.Gauge("left").Set(7)
	set.Histogram("hops").Record(2)
	set.Histogram("never")
	set.State("phase", "joining", time.Second)
	k.Take(set.Take())
	set.Counter("blocks").Add(2)
	set.Gauge("left").Set(5)
	set.Histogram("hops").Record(4)
	set.State("phase", "joined", 2*time.Second)
	set.Note("repair", "a parent", 3*time.Second)
	f := k.Take(set.Take())
	want := &nodereport.Figures{
		Counters: map[string]uint64{"blocks": 5}, Gauges: map[string]float64{"left": 5}, States: map[string]string{"phase": "joined"},
		Histograms: map[string]nodereport.Spread{"hops": {Count: 2, Mean: 3, Min: 2, P50: 2, P95: 4, P99: 4, Max: 4}},
		Events: []metric.Event{{At: 2 * time.Second, Kind: metric.KindState, Name: "phase", Text: "joined"},
			{At: 3 * time.Second, Kind: metric.KindNote, Name: "repair", Text: "a parent"}},
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("it is %+v, want %+v", f, want)
	}
	if line := f.String(); line != `blocks 5  left 5  hops 2 times, mean 3, p50 2, p95 4, p99 4, most 4  phase "joined"` {
		t.Errorf("as a line it is %s", line)
	}
	want.Events = nil
	if f = k.Take(set.Take()); !reflect.DeepEqual(f, want) {
		t.Errorf("afterwards it is %+v, want %+v", f, want)
	}
	if _, err := json.Marshal(f); err != nil {
		t.Error(err)
	}
}
