package spec_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/internal/golden"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// small is a scenario that is right; tests replace one thing in it.
const small = `name: small
duration: 10s
nodes:
  - {names: A..D, bandwidth: {up: 100KBps}}
links:
  - A -> B, C
applications:
  - {name: a, at: A, source: back-to-back}
timeline:
  - {at: 5s, kill: B}
expect:
  - throughput(B) = 100KBps ± 2% between 1s and 4s
`

// Each mistake is found where it is, shown, and something is said about it.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		at             string // line:column
		what           string // part of the message
		do             string // part of the advice
	}{
		{"unknown key", "duration:", "duratoin:", "2:1", `unknown key "duratoin"`, `Did you mean "duration"?`},
		{"missing key", "duration: 10s\n", "", "1:1", `"duration" is missing`, "Add duration"},
		{"unit in the wrong case", "100KBps}", "100kbps}", "4:38", `"kbps" is no unit`, "KBps (1000 bytes a second) or Kbps (1000 bits a second)"},
		{"unit that could be either", "100KBps}", "100KB/s}", "4:40", `may not be divided`, "400KBps"},
		{"unit in words", "10s", "10 seconds", "2:14", `"seconds" is no unit`, "s (seconds)"},
		{"no unit", "100KBps}", "100}", "4:35", "a unit is missing", "KBps"},
		{"unit of another kind", "100KBps}", "100ms}", "4:35", "a rate of bytes", ""},
		{"unknown distribution", "100KBps}", "\"unifrom(1KBps, 2KBps)\"}", "4:36", "neither", `Did you mean "uniform"?`},
		{"distribution with too few", "100KBps}", "\"uniform(1KBps)\"}", "4:36", "takes 2 values, not 1", "uniform(from, to)"},
		{"bounds the wrong way", "100KBps}", "\"uniform(2KBps, 1KBps)\"}", "4:36", "above the second", ""},
		{"range backwards", "A..D", "D..A", "4:13", "no first and last", "A..G"},
		{"unknown node", "A -> B, C", "A -> B, X", "6:13", `there is no node "X"`, ""},
		{"near node", "A -> B, C", "A -> B, c", "6:13", `there is no node "c"`, `Did you mean "C"?`},
		{"no arrow", "A -> B, C", "A B", "6:7", "an arrow belongs here", "A -> B"},
		{"link twice", "A -> B, C", "A -> B, B", "6:5", "there is a link A -> B already", ""},
		{"link to itself", "A -> B, C", "A -> A", "6:5", "to itself", ""},
		{"source without rate", "back-to-back", "constant-rate", "8:6", "needs a rate", "rate: 20 messages/s"},
		{"unknown source", "back-to-back", "constant", "8:30", `"constant" is not allowed`, "Known here"},
		{"two nodes at once", "at: A,", "at: \"A, B\",", "8:20", "one node belongs here, not 2", ""},
		{"nothing happens", "kill: B", "kil: B", "10:14", `unknown key "kil"`, `"kill"`},
		{"two things happen", "kill: B", "kill: B, stop: C", "10:6", "kill and stop", "an entry for each"},
		{"too late", "at: 5s", "at: 15s", "10:6", "the run ends at 10s", ""},
		{"metric without a name", "throughput(B)", "metric()", "12:12", `the name of a metric belongs here, not ")"`, "metric(lookups)"},
		{"metric with a number for a name", "throughput(B)", "metric(7up)", "12:12", `belongs here, not "7"`, "metric(lookups)"},
		{"metric with nothing behind the comma", "throughput(B)", "metric(hops,)", "12:17", "the name of a node belongs here", ""},
		{"metric of an unknown node", "throughput(B)", "metric(hops, X)", "12:18", `there is no node "X"`, ""},
		{"metric of a link", "throughput(B)", "metric(hops, A -> B)", "12:5", "of nodes, not of links", ""},
		{"metric of an application", "throughput(B)", "metric(hops, app a)", "12:22", "not measured by application", ""},
		{"within without coverage", "throughput(B) = 100KBps ± 2%", "received(B) > 1 within 2s", "12:21", "belongs to coverage", "coverage(app a)"},
		{"within without a unit", "throughput(B) = 100KBps ± 2%", "coverage(B) > 1% within 2", "12:29", "a unit is missing", ""},
		{"within no time", "throughput(B) = 100KBps ± 2%", "coverage(B) > 1% within 0s", "12:29", "within 0s", ""},
		{"coverage held against a time", "throughput(B) = 100KBps", "coverage(B) = 2s", "12:17", "cannot be compared", ""},
		{"latency without a unit", "throughput(B) = 100KBps ± 2%", "latency(B) < 2", "12:16", "cannot be compared", ""},
		{"latency of a link", "throughput(B)", "latency(A -> B)", "12:5", "of nodes, not of links", ""},
		{"unknown percentile", "throughput(B)", "p100(throughput(B))", "12:5", `nothing called "p100"`, ""},
		{"unknown measure", "throughput(B)", "thruput(B)", "12:5", `nothing called "thruput"`, `"throughput"`},
		{"apples and pears", "= 100KBps ±", "= 100ms ±", "12:19", "cannot be compared", ""},
		{"tolerance of an inequality", "= 100KBps ±", "< 100KBps ±", "12:29", "a tolerance has no meaning", "with ="},
		{"window too late", "4s\n", "40s\n", "12:5", "the run ends at 10s", ""},
		{"no window", "between 1s and 4s", "between 4s and 1s", "12:34", "is none", ""},
		{"unknown application", "throughput(B)", "throughput(B, app b)", "12:23", `no application "b"`, ""},
		{"not a comparison", "= 100KBps", "100KBps", "12:19", "a comparison belongs here", ""},
		{"bracket", "throughput(B) =", "throughput(B =", "12:18", `")" belongs here`, ""},
		{"letters", "throughput(B)", "throughput(B) ? 3", "12:19", `"?" has no meaning`, ""},
		{"list for a value", "duration: 10s", "duration: [10s]", "2:11", "a single value, not a list", ""},
		{"value for a list", "nodes:\n  - {names: A..D, bandwidth: {up: 100KBps}}", "nodes: 5", "3:8", "a list, not a single value", ""},
		{"anchor", "name: small", "name: &x small", "1:7", "anchors", "Write the value out"},
		{"YAML itself", "name: small", "name: [small", "2:1", "YAML", ""},
		{"key twice", "duration: 10s", "duration: 10s\nduration: 11s", "3:1", "duration", ""},
		{"contacts in a word", "duration: 10s", "duration: 10s\nbootstrap: some", "3:12", `"some" says nothing`, "{random: 5}"},
		{"contacts twice", "duration: 10s", "duration: 10s\nbootstrap: {random: 2, seeds: A}", "3:13", "either random nodes or seeds", ""},
		{"no contacts", "duration: 10s", "duration: 10s\nbootstrap: {random: 0}", "3:21", "0 contacts are none", "Leave"},
		{"more contacts than nodes", "duration: 10s", "duration: 10s\nbootstrap: {random: 4}", "3:21", "cannot know 4 others when it starts: there are 3", "all"},
		{"unknown seed", "duration: 10s", "duration: 10s\nbootstrap: {seeds: E}", "3:20", `there is no node "E"`, ""},
		{"contacts of nobody", "nodes:\n  - {", "bootstrap: all\nnodes:\n  - {bootstrap: all, ", "3:12", "no node knows these", "Leave it out"},
		{"contacts of very many", "A..D", "\"A..D, n1..n5000\", bootstrap: all", "4:43", "at most 4096 others", "Use random"},
		{"reserved name", "A..D", "\"all, A..D\"", "4:14", "cannot be a name", "another name"},
		{"reserved name of an application", "name: a,", "name: app,", "8:6", "cannot be the name of an application", "another name"},
		{"node twice", "A..D", "\"A..D, B\"", "4:20", `a node "B" already`, ""},
		{"unlimited what", "10s", "unlimited", "2:11", "a time such as", ""},
		{"cut of no link", "kill: B", "cut: B -> C", "10:21", "there is no link B -> C", "Add it to links"},
		{"cut of a link the other way", "kill: B", "cut: C -> A", "10:21", "there is no link C -> A", "There is A -> C"},
		{"cut of some that are not", "kill: B", "cut: A -> B..D", "10:21", "there is no link A -> D", "partition"},
		{"cut of no link either way", "kill: B", "cut: B <-> D", "10:21", "there is no link B -> D", ""},
		{"heal of no link", "kill: B", "heal: D -> A", "10:22", "there is no link D -> A", ""},
		{"change of no link", "kill: B", "set: {links: C -> D, loss: 1%}", "10:29", "there is no link C -> D", ""},
		{"unused until of a trace", "kill: B", "churn: {nodes: B, trace: t.csv, until: 9s}", "10:53", "no use for until", "times"},
		{"unused how of a trace", "kill: B", "churn: {nodes: B, trace: t.csv, how: stop}", "10:22", "no use for how", "kill or stop"},
		{"churn until after the end", "kill: B", "churn: {nodes: B, rate: 1/s, down: 1s, until: 11s}", "10:60", "the run ends at 10s", ""},
		{"churn until before its begin", "kill: B", "churn: {nodes: B, rate: 1/s, down: 1s, until: 5s}", "10:60", "end before it begins", ""},
		{"unused bandwidth", "duration: 10s", "duration: 10s\nbandwidth: {up: 1MBps}", "3:1", "no node", "one of their own"},
		{"unused algorithm", "duration: 10s\nnodes:\n  - {names: A..D,", "duration: 10s\nalgorithm: gossip\nnodes:\n  - {names: A..D, algorithm: relay,", "3:1", "no node", "one of their own"},
		{"two documents", "expect:", "---\nexpect:", "12:7", "second document", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.Replace(small, c.old, c.new, 1)
			if src == small {
				t.Fatal("the test changes nothing")
			}
			_, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}})
			var ps spec.Problems
			if !errors.As(err, &ps) {
				t.Fatalf("error %v", err)
			}
			text := err.Error()
			if !strings.HasPrefix(text, "x.yaml:"+c.at) || !strings.Contains(text, c.what) || !strings.Contains(text, c.do) {
				t.Errorf("want %s, %q and %q in\n%s", c.at, c.what, c.do, text)
			}
		})
	}
}

// How it looks, with several mistakes at once.
func TestGoldenMistakes(t *testing.T) {
	src, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = spec.Parse("mistakes.yaml", src, spec.Options{Algorithms: known{}})
	if err == nil {
		t.Fatal("no mistake was found")
	}
	golden.File(t, "testdata/mistakes.txt", err.Error()+"\n")
}
