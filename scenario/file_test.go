package scenario_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A file as a scenario says it: through a tree that loses a node midway.
const fileInATree = `name: file
seed: 4
duration: 40s
algorithm: {name: tree, policy: stress}
bootstrap: all
default-link: {latency: 15ms}
nodes: [s, n1..n7]
applications:
  - {name: image, at: s, source: file, size: 500KB, payload: 2000B, rate: 50KBps, from: 4s}
timeline:
  - {at: 500ms, join: {nodes: n1..n7, application: image}}
  - {at: 9s, kill: n1}
expect:
  - metric(file_whole, n2..n7) = 1
  - metric(file_blocks, n2..n7) = 250
  - metric(file_bad) = 0
  - max(metric(file_done, n2..n7)) < 30s
`

// And coded, over links that lose messages.
const fileCoded = `name: file
seed: 4
duration: 40s
algorithm: {name: rlnc, generation: 16, beat: 50ms}
default-link: {latency: 10ms, loss: 2%}
nodes: [s, a, b, t]
links: [s -> a -> t, s -> b -> t]
bandwidth: {up: 200KBps}
applications:
  - {name: image, at: s, source: file, size: 200KB, payload: 1000B, from: 1s}
expect:
  - metric(file_whole, a..b) = 1
  - metric(file_whole, t) = 1
  - metric(file_bad) = 0
`

func TestFilesInVirtualTime(t *testing.T) {
	window := strings.Replace(fileCoded, "{name: rlnc, generation: 16, beat: 50ms}", "{name: rlnc-window, beat: 50ms, size: 1500}", 1)
	late := strings.Replace(window, "beat: 50ms", "beat: 50ms, deadline: 500ms", 1) // what is given up is asked for again
	for _, text := range []string{fileInATree, fileCoded, window, late} {
		p, err := spec.Parse("file.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
		if err != nil {
			t.Fatal(err)
		}
		held(t, run(t, p, scenario.Options{World: "sim"}))
	}
}

// The first message of a file is shorter than its blocks, which the window would drop.
func TestFileByAWindowOfUnknownSize(t *testing.T) {
	text := strings.Replace(fileCoded, "{name: rlnc, generation: 16, beat: 50ms}", "rlnc-window", 1)
	p, err := spec.Parse("file.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
	if err == nil {
		_, err = scenario.Run(t.Context(), p, scenario.Options{World: "sim"})
	}
	if err == nil || !strings.Contains(err.Error(), "size") {
		t.Errorf("the error is %v", err)
	}
}

// Files between real processes: whose world that is, makes no difference. How long it takes does not depend on the file alone, so a run is tried that is over
// soon, and longer ones if the machine is busy; the last must hold.
func TestFileBetweenProcesses(t *testing.T) {
	const text = `name: file
duration: DURATION
algorithm: relay
nodes: [a, b, c]
links: [a -> b -> c]
applications:
  - {name: image, at: a, source: file, size: 100KB, payload: 2000B}
expect:
  - metric(file_whole, b..c) = 1
  - metric(file_blocks, b..c) = 50
  - metric(file_bad) = 0
`
	for _, duration := range []string{"2s", "20s", "3min"} {
		p, err := spec.Parse("file.yaml", []byte(strings.Replace(text, "DURATION", duration, 1)), spec.Options{Algorithms: scenario.Shipped()})
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, p, scenario.Options{World: "proc"})
		all := !slices.ContainsFunc(r.Verdicts, func(v spec.Verdict) bool { return !v.Held })
		if all || duration == "3min" {
			held(t, r)
			return
		}
		t.Logf("in %s: %+v", duration, r.Verdicts)
	}
}

// Blocks that are longer than what a source codes are not dropped in silence.
func TestFileOfBlocksThatAreTooLong(t *testing.T) {
	for name, text := range map[string]string{
		"rlnc":        strings.Replace(fileCoded, "payload: 1000B", "payload: 100KB", 1),
		"rlnc-window": strings.Replace(fileCoded, "{name: rlnc, generation: 16, beat: 50ms}", "{name: rlnc-window, size: 500}", 1),
	} {
		p, err := spec.Parse("file.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
		if err != nil {
			t.Fatal(err)
		}
		if r := run(t, p, scenario.Options{World: "sim"}); !slices.ContainsFunc(r.Verdicts, func(v spec.Verdict) bool {
			return !v.Held && strings.Contains(v.Found, "longer than those")
		}) {
			t.Errorf("%s: the verdicts are %+v", name, r.Verdicts)
		}
	}
}

func TestWrongFiles(t *testing.T) {
	for change, says := range map[string]string{
		"size: 500KB, ->":                      "needs a size",
		"size: 500KB -> size: 2GB":             "at most 1073741824 bytes",
		"payload: 2000B -> payload: 10B":       "64 to 262144",
		"from: 4s -> messages: 4":              "as many messages as it needs",
		"source: file -> source: back-to-back": "only a file",
	} {
		from, to, _ := strings.Cut(change, " ->")
		text := strings.Replace(fileInATree, from, strings.TrimSpace(to), 1)
		if _, err := spec.Parse("file.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", change, err, says)
		}
	}
}
