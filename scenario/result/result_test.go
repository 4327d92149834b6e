package result_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// relayOnly is one algorithm.
type relayOnly struct{}

func (relayOnly) Names() []string                         { return []string{"relay"} }
func (relayOnly) Params(name string) ([]spec.Param, bool) { return nil, name == "relay" }

// steady is a run of A -> B with two applications in which every counter grows evenly:
// application 1 by 100 messages of 1000 bytes a second, application 2 by half of that.
// B is down from second 3 on, and stays where it was.
func steady(t *testing.T, seconds int) *result.Run {
	t.Helper()
	return steadier(t, seconds, func(n int) int { return n })
}

// steadier is the same with other numbers of messages that arrive.
func steadier(t *testing.T, seconds int, faster func(int) int) *result.Run {
	t.Helper()
	p, err := spec.Parse("steady.yaml", []byte(`name: steady
duration: 4s
nodes: [A, B]
links: [A -> B]
applications:
  - {name: one, at: A, source: back-to-back}
  - {name: two, at: A, source: back-to-back}
expect:
  - throughput(B) = 150KBps between 1s and 3s
  - throughput(B, app two) = 50KBps between 1s and 3s
  - throughput(A -> B) = 150KBps between 1s and 3s
  - goodput(B, app one) = 97.6KBps between 1s and 3s
  - received(B) = 450
  - sent() = 600
  - distinct(B, app two) = 150
  - lost(A -> B) = 7
  - lost() = 9
  - queued(A) = 5
  - alive(A) = 1
  - alive() = 1
`), spec.Options{Algorithms: relayOnly{}})
	if err != nil {
		t.Fatal(err)
	}
	r := &result.Run{Plan: p, World: "test", Links: [][2]int{{0, 1}}, Ended: time.Duration(seconds) * time.Second,
		Events: []result.Event{{At: 3 * time.Second, What: "kill B"}}}
	count := func(per int) result.Counts {
		return result.Counts{Msgs: uint64(per), Bytes: uint64(per * 1000), Payload: uint64(per * 976), Distinct: uint64(per)}
	}
	r.NodeState(0).Up, r.NodeState(0).Queued, r.NodeState(0).Lost = true, 5, 7
	r.NodeState(1).Up, r.NodeState(1).Lost = true, 2
	r.LinkState(0).Lost = 7
	for s := range seconds + 1 {
		if s > 0 {
			r.CountNode(0, 1, result.Counts{Sent: 100, Due: 100})
			r.CountNode(0, 2, result.Counts{Sent: 50, Due: 50})
		}
		if s > 0 && s <= 3 {
			for app, per := range map[uint32]int{1: faster(100), 2: faster(50)} {
				r.CountNode(1, app, count(per))
				r.CountLink(0, app, count(per))
			}
		}
		r.NodeState(1).Up = s < 3
		r.Take(result.Sample{At: time.Duration(s) * time.Second})
	}
	r.Judge()
	return r
}

func TestJudge(t *testing.T) {
	r := steady(t, 4)
	for _, v := range r.Verdicts {
		if !v.Held {
			t.Errorf("%s: found %s", v.Expectation, v.Found)
		}
	}
	if !r.Held() {
		t.Error("all held, and it does not say so")
	}
	early := steady(t, 2)
	if v := early.Verdicts[0]; v.Held || v.Measured || early.Held() {
		t.Errorf("a window that was never reached: %+v", v)
	}
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "out")
	r := steady(t, 4)
	written, err := result.Write(r, dir)
	if err != nil || len(written) != 7 {
		t.Fatalf("%v, %v", written, err)
	}
	kinds := make(map[string]int)
	file, err := os.Open(filepath.Join(dir, result.JSONName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var row result.Row
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		kinds[row.Kind]++
		if row.Kind == "node" && row.Name == "B" && row.AtS == 2 && row.App == "" && (row.ThroughputBps != 150_000 || row.Received != 300 || !row.Up) {
			t.Errorf("%+v", row)
		}
		if row.Kind == "link" && row.AtS == 4 && row.App == "two" && (row.ThroughputBps != 0 || row.Received != 150) {
			t.Errorf("%+v", row)
		}
	}
	// 4 intervals, of 2 nodes and a link, for all applications and each of two.
	if kinds["event"] != 1 || kinds["node"] != 24 || kinds["link"] != 12 || kinds["summary"] != 1 {
		t.Errorf("rows: %v", kinds)
	}
	for name, rows := range map[string]int{result.NodesName: 25, result.LinksName: 13} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if all, err := csv.NewReader(strings.NewReader(string(text))).ReadAll(); err != nil || len(all) != rows {
			t.Errorf("%s: %d rows, %v", name, len(all), err)
		}
	}
	for _, name := range []string{"throughput-nodes", "throughput-links"} {
		checkCharts(t, filepath.Join(dir, name))
	}
}

// checkCharts reads a chart in both forms.
func checkCharts(t *testing.T, path string) {
	t.Helper()
	svg, err := os.ReadFile(path + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s.svg: %v", path, err)
		}
	}
	if !strings.Contains(string(svg), "kill B") || !strings.Contains(string(svg), "steady") {
		t.Errorf("%s.svg does not say what it is of", path)
	}
	picture, err := os.Open(path + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = picture.Close() }()
	if img, err := png.Decode(picture); err != nil || img.Bounds().Dx() < 1000 {
		t.Errorf("%s.png: %v", path, err)
	}
}

func TestCompare(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	first, second := steady(t, 4), steadier(t, 4, func(n int) int { return n * 11 / 10 }) // a tenth more
	for dir, r := range map[string]*result.Run{a: first, b: second} {
		if _, err := result.Write(r, dir); err != nil {
			t.Fatal(err)
		}
	}
	c, err := result.Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	node := c.Series[1]
	if node.Name != "B" || node.Difference == nil || *node.Difference < 9.99 || *node.Difference > 10.01 {
		t.Errorf("%+v", node)
	}
	table := c.Table()
	for _, part := range []string{"+10.00%", "A -> B", "FAILED", "Largest difference: +10.00% at node B."} {
		if !strings.Contains(table, part) {
			t.Errorf("%q is not in\n%s", part, table)
		}
	}
	if _, err := result.Compare(a, t.TempDir()); err == nil || !strings.Contains(err.Error(), "ioverlay run --out") {
		t.Errorf("an empty directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(b, result.JSONName), []byte(`{"kind":"node"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Compare(a, b); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Errorf("an unfinished run: %v", err)
	}
}

func TestSummary(t *testing.T) {
	r := steady(t, 2)
	r.Stopped = true
	text := r.Summary()
	for _, part := range []string{"steady: 2 nodes, 1 links", "Stopped at 2s of 4s", "A -> B", "the run ended at 2s"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}
