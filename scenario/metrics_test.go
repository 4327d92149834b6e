package scenario_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// bookkeeper is a relay that keeps figures of itself, in every kind there is.
type bookkeeper struct {
	relay *relay.Relay
	node  *core.Node
	seen  uint64
}

func (b *bookkeeper) Bind(n *core.Node) {
	b.node = n
	b.relay.Bind(n)
	n.State("phase", "new")
}

func (b *bookkeeper) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted:
		b.node.State("phase", "running")
		b.node.Metric("starts").Add(1)
	case wire.TypeStopping:
		b.node.State("phase", "over")
		b.node.Metric("at-the-end").Add(7)
	case wire.TypeData:
		if !m.From().IsZero() {
			b.node.Metric("arrived").Add(1)
			b.node.Gauge("last").Set(float64(m.Seq()))
			b.node.Histogram("seq").Record(float64(m.Seq()))
			if b.seen++; b.seen == 1 {
				b.node.Note("first", "a message came")
			}
		}
	}
	return b.relay.Process(m)
}

const bookkeeping = `name: bookkeeping
seed: 3
duration: 1200ms
drain: 10s
algorithm: bookkeeper
nodes: [A, B, C, {names: D, starts: later}]
links: [A -> B -> C]
applications:
  - {name: a, at: A, source: constant-rate, rate: 200/s, messages: 100, payload: 100B}
timeline:
  - {at: 900ms, kill: C}
  - {at: 1s, restart: C}
  - {at: 1s, start: D}
  - {at: 1100ms, stop: D}
expect:
  - metric(arrived, B) = 100
  - metric(arrived, B..C) = 100
  - metric(arrived) = 200
  - metric(arrived, A) = 0
  - metric(last, B) = 99
  - metric(last, B..C) = 99 at 900ms
  - metric(last, B..C) = 99 at 950ms
  - metric(last, C) = 99
  - metric(seq, B) = 49.5
  - metric(seq, B..C) = 49.5
  - p50(metric(seq, B..C)) = 49
  - p99(metric(seq, all)) = 98
  - max(metric(seq)) = 99
  - metric(starts) = 5
  - metric(nothing) = 0
`

// What an algorithm keeps of itself is the same in every world, through kills, restarts and
// stops, and until the very end, which is behind the last sample.
func TestMetricsInEveryWorld(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := withDiarist()
			out := run(t, parse(t, r, bookkeeping), scenario.Options{World: w, Registry: r})
			for _, v := range out.Verdicts {
				// C has been restarted and set nothing since; nobody has "nothing".
				reason := map[string]string{"metric(last, C) = 99": "C has not set last", "metric(nothing) = 0": `no node has a metric "nothing"`}[v.Expectation]
				if v.Held != (reason == "") || !strings.Contains(v.Found, reason) {
					t.Errorf("%s: %v, found %s", v.Expectation, v.Held, v.Found)
				}
			}
			checkBookkeeping(t, out)
		})
	}
}

func checkBookkeeping(t *testing.T, out *scenario.Result) {
	t.Helper()
	dir := t.TempDir()
	if _, err := result.Write(out, dir); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, filepath.Join(dir, result.MetricsName))
	if want := []string{"at_s", "node", "app", "metric", "kind", "stat", "value"}; !slices.Equal(rows[0], want) {
		t.Errorf("metrics.csv begins with %v, want %v", rows[0], want)
	}
	last := make(map[string]string) // by everything but time and value
	for _, row := range rows[1:] {
		last[strings.Join(row[1:6], " ")] = row[6]
	}
	for key, want := range map[string]string{
		"B  arrived counter total": "100", "C  arrived counter total": "100", "A  starts counter total": "1", "C  starts counter total": "2",
		"B  last gauge value": "99", "B  seq histogram count": "100", "B  seq histogram mean": "49.5", "B  seq histogram p50": "49", "C  seq histogram max": "99",
		// Told when they stop, D by the timeline and the others at the end.
		"A  at-the-end counter total": "7", "B  at-the-end counter total": "7", "C  at-the-end counter total": "7", "D  at-the-end counter total": "7",
	} {
		if last[key] != want {
			t.Errorf("the last %q is %q, want %q", key, last[key], want)
		}
	}
	phases := make(map[string][]string)
	for _, row := range readCSV(t, filepath.Join(dir, result.NotesName))[1:] {
		phases[row[1]+" "+row[3]] = append(phases[row[1]+" "+row[3]], row[4])
	}
	for key, want := range map[string]string{"A phase": "new running over", "B phase": "new running over", "C phase": "new running new running over",
		"D phase": "new running over", "B first": "a message came", "C first": "a message came"} {
		if got := strings.Join(phases[key], " "); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	rep := out.Report()
	i := slices.IndexFunc(rep.Metrics, func(m result.MetricTotal) bool { return m.Metric == "at-the-end" })
	if i < 0 || *rep.Metrics[i].Total != 28 || rep.Metrics[i].Nodes != 4 {
		t.Errorf("the summary has %+v", rep.Metrics)
	}
	if s := out.Summary(); !strings.Contains(s, "at-the-end") || !strings.Contains(s, "200 recorded") {
		t.Errorf("the summary does not tell:\n%s", s)
	}
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The rows of results.jsonl have the same.
func TestMetricsAsJSON(t *testing.T) {
	r := withDiarist()
	out := run(t, parse(t, r, bookkeeping), scenario.Options{World: "sim", Registry: r})
	dir := t.TempDir()
	if _, err := result.Write(out, dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, result.JSONName))
	if err != nil {
		t.Fatal(err)
	}
	var arrived, notes int
	for line := range strings.Lines(string(text)) {
		var row struct {
			Kind, Node, Metric, Type, Name string
			AtS                            float64 `json:"at_s"`
			Value, Mean                    *float64
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			continue // another kind of row, with other types under the same names
		}
		switch {
		case row.Kind == "metric" && row.Metric == "arrived" && row.Node == "B":
			if arrived++; row.Value == nil || row.Mean != nil || *row.Value > 100 {
				t.Errorf("%s", line)
			}
		case row.Kind == "metric" && row.Metric == "seq" && (row.Mean == nil || row.Value != nil):
			t.Errorf("%s", line)
		case row.Kind == "note" && row.Name == "first":
			if notes++; row.AtS < 0 || row.AtS > 0.1 {
				t.Errorf("%s", line)
			}
		}
	}
	if arrived != 5 || notes != 2 { // it sends from 0s to 495ms, and is looked at every 100ms
		t.Errorf("%d rows of what arrived at B, %d first messages", arrived, notes)
	}
}
