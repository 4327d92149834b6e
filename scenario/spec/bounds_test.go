package spec_test

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// What would take for ever, or all memory, is refused instead.
func TestBounds(t *testing.T) {
	for _, c := range []struct{ name, old, new, what string }{
		{"a graph with no room", "  - A -> B, C\n", "  - A <-> B, C, D\n  - B <-> C, D\n  - C <-> D\n  - {random-graph: {nodes: all, degree: 3}}\n", "no room"},
		{"churn without pause", "kill: B", "churn: {nodes: all, rate: 1000000000/s, down: 1ms}", "more than 100000 failures"},
		{"very many nodes", "  - A -> B, C\n", "  - A -> " + strings.Repeat("n1..n90000, ", 20) + "B\n", "more than 100000 nodes"},
		{"a long range", "A..D", "n1..n100000000", "more than 100000 nodes"},
		{"very many links", "A..D", "\"A..D, n1..n2000\"", ""},
		{"a nested formula", "throughput(B)", strings.Repeat("(", 100) + "throughput(B)" + strings.Repeat(")", 100), "nested more than"},
		{"a long time", "10s", "100000000000h", "at most"},
		{"a large number", "100KBps}", "99999999999999999999999KBps}", "no number that can be used"},
		{"a partition without links", "kill: B", "partition: [\"A, B\", \"n1..n60000\"]", "more than 100000 ways"},
		{"a deep list", "[A..D]", "", ""},
	} {
		src := strings.Replace(small, c.old, c.new, 1)
		if c.name == "a partition without links" {
			src = strings.Replace(strings.Replace(src, "A..D", "\"A..D, n1..n60000\"", 1), "A -> B, C", "A -> B", 1)
		}
		if c.name == "very many links" {
			src, c.what = strings.Replace(src, "A -> B, C", "n1..n2000 -> n1..n2000", 1), "more than 1000000 links"
		}
		if c.name == "a deep list" {
			src, c.what = "name: "+strings.Repeat("[", 200)+strings.Repeat("]", 200)+"\n", "nested more than"
		}
		_, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}})
		if err == nil || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%s: %.300v", c.name, err)
		}
	}
}
