package scenario_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

const recorded = `
name: recorded
seed: 3
duration: 3s
record: {every: 500ms}
nodes:
  - {names: a, group: source, place: {lat: 52.5, lon: 13.4, label: Berlin}, bandwidth: {up: 100KBps}}
  - b
  - c
links:
  - {link: a -> b, latency: 50ms}
  - {link: b -> c, latency: 20ms, jitter: uniform(5ms), loss: 10%}
applications:
  - {name: x, at: a, source: constant-rate, rate: 20 messages/s, payload: 1000B}
timeline:
  - {at: 1s, set: {nodes: b, total: 50KBps}}
  - {at: 2s, kill: c}
expect:
  - throughput(b) > 10KBps
`

// record runs the scenario and reads what was recorded of it.
func recordRun(t *testing.T, o scenario.Options, rec *scenario.Recording) (*scenario.Result, []byte) {
	t.Helper()
	p, err := spec.Parse("recorded.yaml", []byte(recorded), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	rec.Out, rec.Scenario = &file, recorded
	o.Record = rec
	run, err := scenario.Run(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return run, file.Bytes()
}

func openRecording(t *testing.T, b []byte) *recording.Reader {
	t.Helper()
	r, err := recording.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if ok, lost := r.Complete(); !ok {
		t.Fatalf("the recording is not complete: %d bytes are lost", lost)
	}
	return r
}

func TestRecordingOfVirtualTime(t *testing.T) {
	t.Parallel()
	run, file := recordRun(t, scenario.Options{World: "sim"}, &scenario.Recording{Transfers: true})
	r := openRecording(t, file)
	if m, e := r.Meta(), r.End(); m.World != "sim" || m.Title != "recorded" || *m.Seed != 3 || m.Every != 0.5 || m.Scenario != recorded || m.Epoch != nil || !m.Transfers ||
		len(e.Expectations) != 1 || e.Expectations[0].Held != run.Verdicts[0].Held || e.Ended < 3e9 || e.Dropped != 0 {
		t.Errorf("it says of itself %+v and %+v", m, e)
	}
	begin := at(t, r, 0)
	if a := begin.Nodes[0]; a.Name.Or("") != "a" || a.Group.Or("") != "source" || a.Place.Label.Or("") != "Berlin" || a.Place.Lat.Or(0) != 52.5 || !a.Up.Or(false) || a.Caps.Up.Or(0) != 100_000 {
		t.Errorf("a is %s", a.AppendJSON(nil))
	}
	if l := begin.Links[0]; len(begin.Links) != 2 || l.F != 0 || l.T != 1 || !l.Up.Or(false) || l.Latency.Or(0) != 0.05 {
		t.Errorf("links are %v", begin.Links)
	}
	mid := at(t, r, 1_900_000_000)
	if a, b := mid.Nodes[0], mid.Nodes[1]; b.In.Or(0) < 15_000 || b.In.Or(0) > 25_000 || a.Out != b.In || b.Caps.Total.Or(0) != 50_000 || b.Apps[0].Delivered.Or(0) < 20 {
		t.Errorf("in the middle a is %s\nand b %s", a.AppendJSON(nil), b.AppendJSON(nil))
	}
	if end := at(t, r, 3_000_000_000); end.Nodes[2].Up.Or(true) || end.Links[1].Up.Or(true) || !end.Links[0].Up.Or(false) {
		t.Errorf("in the end c is %s and b -> c is %s", end.Nodes[2].AppendJSON(nil), end.Links[1].AppendJSON(nil))
	}
	events(t, r, "0.0 up 0", "0.0 source 0", "1.0 control 1", "2.0 terminate 2", "2.0 down 2", "2.0 told 1")
	transfers(t, r)
}

func at(t *testing.T, r *recording.Reader, when record.Time) record.Update {
	t.Helper()
	m, err := r.At(when)
	if err != nil {
		t.Fatal(err)
	}
	return m.Snapshot()
}

// events are there among others.
func events(t *testing.T, r *recording.Reader, want ...string) {
	t.Helper()
	var all []string
	if err := r.Events(-1, record.MaxTime, func(e *record.Event) bool {
		node, _ := e.Node.Index()
		all = append(all, fmt.Sprintf("%.1f %s %d", e.T.Seconds(), e.Kind, node))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for _, e := range want {
		if !slices.Contains(all, e) {
			t.Errorf("there is no event %q among %q", e, all)
		}
	}
}

// transfers are as the links say: each takes the latency, and of those that b -> c loses none arrives.
func transfers(t *testing.T, r *recording.Reader) {
	t.Helper()
	crossed, lost := map[string]int{}, map[string]int{}
	if err := r.Transfers(-1, record.MaxTime, func(x *record.Transfer) bool {
		link := fmt.Sprintf("%d-%d", x.From, x.To)
		if x.Arrived == record.Never {
			lost[link]++
			return true
		}
		crossed[link]++
		least, most := 50.0, 51.0
		if x.From == 1 {
			least, most = 15, 26
		}
		if took := (x.Arrived - x.Left).Seconds() * 1000; (took < least || took > most) && x.App == 1 {
			t.Errorf("%+v took %.3f ms", x, took)
		}
		if x.App == 1 && x.Bytes != 1024 {
			t.Errorf("%+v", x)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if crossed["0-1"] < 55 || lost["0-1"] > 1 || crossed["1-2"] < 20 || lost["1-2"] == 0 {
		t.Errorf("crossed %v, lost %v", crossed, lost)
	}
}

func TestTwoRecordingsOfOneVirtualRunAreTheSame(t *testing.T) {
	t.Parallel()
	_, a := recordRun(t, scenario.Options{World: "sim"}, &scenario.Recording{Transfers: true})
	_, b := recordRun(t, scenario.Options{World: "sim"}, &scenario.Recording{Transfers: true})
	if !bytes.Equal(a, b) {
		t.Errorf("recordings of %d and %d bytes differ", len(a), len(b))
	}
}

// A run in virtual time and its live twin have the same nodes, in the same order, and the same time base.
func TestLiveRunIsRecordedAsItsVirtualTwin(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes three seconds of real time")
	}
	_, file := recordRun(t, scenario.Options{World: "live"}, &scenario.Recording{})
	_, twin := recordRun(t, scenario.Options{World: "sim"}, &scenario.Recording{})
	live, virtual := openRecording(t, file), openRecording(t, twin)
	if live.Meta().Epoch == nil || live.Meta().World != "live" {
		t.Errorf("it says of itself %+v", live.Meta())
	}
	a, b := at(t, live, 2_500_000_000), at(t, virtual, 2_500_000_000)
	for i := range b.Nodes {
		if x, y := a.Nodes[i], b.Nodes[i]; x.Name != y.Name || x.I != y.I || x.Up != y.Up || x.Group != y.Group || x.Place != y.Place {
			t.Errorf("%s and %s", x.AppendJSON(nil), y.AppendJSON(nil))
		}
	}
	events(t, live, "0.0 up 0", "1.0 control 1", "2.0 down 2")
}

// full is a disk that has room for so much.
type full struct{ room int }

var errFull = errors.New("no space left on device")

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// A disk that is full ends the recording and not the run, and is said.
func TestFullDiskIsSaidAndTheRunIsGood(t *testing.T) {
	t.Parallel()
	p, err := spec.Parse("recorded.yaml", []byte(recorded), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenario.Run(t.Context(), p, scenario.Options{World: "sim", Record: &scenario.Recording{Out: &full{500}}})
	if !errors.Is(err, scenario.ErrRecording) || !errors.Is(err, errFull) || run == nil || !run.Held() {
		t.Errorf("%v, %v", run, err)
	}
	if _, err := scenario.Run(t.Context(), p, scenario.Options{World: "sim", Record: &scenario.Recording{Out: &full{}}}); !errors.Is(err, errFull) {
		t.Errorf("without room for its beginning: %v", err)
	}
}

func TestTransfersAreOfVirtualTime(t *testing.T) {
	t.Parallel()
	p, err := spec.Parse("recorded.yaml", []byte(recorded), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Run(t.Context(), p, scenario.Options{World: "live", Record: &scenario.Recording{Out: io.Discard, Transfers: true}}); err == nil || !strings.Contains(err.Error(), "virtual time only") {
		t.Error(err)
	}
}
