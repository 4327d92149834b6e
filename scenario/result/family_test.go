package result_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// chartOf draws what the nodes of a scenario receive, each at an even rate, and returns
// the texts in the chart.
func chartOf(t *testing.T, nodes string, rate func(name string) int, events []result.Event) []string {
	t.Helper()
	p, err := spec.Parse("c.yaml", []byte("name: many\nduration: 4s\nnodes: ["+nodes+"]\napplications: [{name: a, at: src, source: back-to-back}]\n"), spec.Options{Algorithms: relayOnly{}})
	if err != nil {
		t.Fatal(err)
	}
	r := &result.Run{Plan: p, World: "test", Ended: 4 * time.Second, Events: events}
	for s := range 5 {
		for i, n := range p.Nodes {
			if kbps := rate(n.Name); s > 0 && kbps > 0 {
				r.CountNode(i, 1, result.Counts{Msgs: 1, Bytes: uint64(1000 * kbps)})
			}
		}
		r.Take(result.Sample{At: time.Duration(s) * time.Second})
	}
	dir := t.TempDir()
	if _, err := result.Write(r, dir); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "throughput-nodes.svg"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, m := range regexp.MustCompile(`(?s)<text[^>]*>(.*?)</text>`).FindAllSubmatch(svg, -1) {
		texts = append(texts, strings.TrimSpace(string(m[1])))
	}
	return texts
}

// A chart of many nodes shows all of them: groups, how far they are spread, and the
// worst of each by name, wherever it stands; never only the best.
func TestChartsOfManyNodes(t *testing.T) {
	rates := func(name string) int {
		switch name {
		case "src":
			return 0
		case "n37":
			return 3 // the worst of 60
		case "cache2":
			return 40
		}
		return 100
	}
	texts := strings.Join(chartOf(t, "src, n1..n60, cache1..cache5, hub", rates, nil), "\n")
	for _, want := range []string{"n (60)", "worst: n37", "cache (5)", "worst: cache2", "hub", "66 nodes: median"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not in the chart:\n%s", want, texts)
		}
	}
	// Eight and fewer are drawn one by one.
	texts = strings.Join(chartOf(t, "src, n1..n7", rates, nil), "\n")
	if strings.Contains(texts, "worst") || !strings.Contains(texts, "n3") {
		t.Errorf("few nodes:\n%s", texts)
	}
	// Too many groups are one.
	texts = strings.Join(chartOf(t, "src, a1..a5, b1..b5, c1..c5, d1..d5, n30..n40", rates, nil), "\n")
	if !strings.Contains(texts, "all (31)") || !strings.Contains(texts, "worst: n37") {
		t.Errorf("many groups:\n%s", texts)
	}
}

// However many events there are, the chart says so.
func TestChartsOfManyEvents(t *testing.T) {
	for _, n := range []int{1, 12, 13, 5000} {
		var events []result.Event
		for i := range n {
			events = append(events, result.Event{At: time.Duration(i+1) * 4 * time.Second / time.Duration(n+1), What: fmt.Sprintf("kill x%d", i)})
		}
		texts := strings.Join(chartOf(t, "src, n1..n3", func(string) int { return 5 }, events), "\n")
		labelled := strings.Count(texts, "kill x")
		if n <= 12 && labelled != n || n > 12 && !strings.Contains(texts, fmt.Sprintf("%d events", n)) {
			t.Errorf("%d events: %d are labelled in\n%s", n, labelled, texts)
		}
	}
}
