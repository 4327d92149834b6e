package spec_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// typed are algorithms of which two have names for types.
type typed struct{ known }

func (typed) Types(name string) map[string]uint16 {
	switch name {
	case "gossip":
		return map[string]uint16{"lookup": 1024, "my-store": 1025}
	case "tuned":
		return map[string]uint16{"lookup": 2000}
	}
	return nil
}

const sends = `name: sends
duration: 10s
nodes: [{names: n1..n9, algorithm: gossip}, {names: t, algorithm: tuned}, {names: r, algorithm: relay}, {names: late, algorithm: gossip, starts: later}]
applications: [{name: a, at: n1, source: back-to-back}]
timeline:
  - {at: 5s, send: {SEND}}
`

func parseSends(send string, seed uint64) (*spec.Plan, error) {
	return spec.Parse("test.yaml", []byte(strings.Replace(sends, "SEND", send, 1)), spec.Options{Algorithms: typed{}, Seed: &seed})
}

// sent lists the steps that send.
func sent(t *testing.T, send string, seed uint64) (steps []spec.Step) {
	t.Helper()
	p, err := parseSends(send, seed)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Steps {
		if s.Kind == spec.StepSend {
			steps = append(steps, s)
		}
	}
	return steps
}

func TestSends(t *testing.T) {
	for _, c := range []struct {
		send  string
		nodes []int
		want  spec.Message
	}{
		{"to: n3, type: lookup", []int{2}, spec.Message{Name: "lookup", Type: 1024, Payload: []byte{}}},
		{`to: [n1..n2, n9], type: my-store, a: -7, b: 1, payload: "a b"`, []int{0, 1, 8}, spec.Message{Name: "my-store", Type: 1025, A: -7, B: 1, Payload: []byte("a b")}},
		{`to: t, type: lookup, app: a, payload-hex: "07 fF"`, []int{9}, spec.Message{Name: "lookup", Type: 2000, App: 1, Payload: []byte{7, 255}}},
		{"to: r, type: 256, app: 77", []int{10}, spec.Message{Name: "256", Type: 256, App: 77, Payload: []byte{}}},
		{"to: late, type: 32767", []int{11}, spec.Message{Name: "32767", Type: 32767, Payload: []byte{}}},
	} {
		got := sent(t, c.send, 1)
		if len(got) != 1 || got[0].At != 5*time.Second || !slices.Equal(got[0].Nodes, c.nodes) || !reflect.DeepEqual(*got[0].Send, c.want) {
			t.Errorf("%s: %+v of %+v", c.send, got, got[0].Send)
		}
	}
}

// What is sent again is sent at each time, the last included, each time to others if they
// are drawn: only to those that are up, all alike for a seed.
func TestSendsThatRepeat(t *testing.T) {
	const send = "to: \"random(3)\", type: 1024, every: 500ms, until: 7s"
	steps := sent(t, send, 1)
	if len(steps) != 5 || steps[0].At != 5*time.Second || steps[4].At != 7*time.Second {
		t.Fatalf("%+v", steps)
	}
	same := 0
	for i, s := range steps {
		if len(s.Nodes) != 3 || len(slices.Compact(slices.Clone(s.Nodes))) != 3 || slices.Contains(s.Nodes, 11) {
			t.Errorf("step %d is to %v", i, s.Nodes)
		}
		if slices.Equal(s.Nodes, steps[0].Nodes) {
			same++
		}
	}
	if same == len(steps) || !reflect.DeepEqual(steps, sent(t, send, 1)) || reflect.DeepEqual(steps, sent(t, send, 2)) {
		t.Errorf("they are drawn once, or not from the seed: %+v", steps)
	}
	if got := sent(t, `to: "random(50, n1..n4)", type: 1024, every: 5s`, 1); len(got) != 2 || !slices.Equal(got[1].Nodes, []int{0, 1, 2, 3}) {
		t.Errorf("all that there are: %+v", got)
	}
}

// Those that the timeline has down are not drawn, and those that came back are.
func TestSendsAreDrawnOfThoseThatAreUp(t *testing.T) {
	src := `name: x
duration: 10s
nodes: [n1..n20]
applications: []
timeline:
  - {at: 2s, kill: n1..n19}
  - {at: 4s, restart: n7}
  - {at: 1s, send: {to: "random(20)", type: 1024, every: 2s}}
`
	p := parse(t, src)
	var counts []string
	for _, s := range p.Steps {
		if s.Kind == spec.StepSend {
			counts = append(counts, fmt.Sprint(len(s.Nodes)))
		}
	}
	if got := strings.Join(counts, " "); got != "20 1 2 2 2" {
		t.Errorf("nodes of each: %s", got)
	}
	// It draws from numbers of its own.
	with := parse(t, everything)
	without := parse(t, strings.ReplaceAll(everything, `random(3, n1..n20)`, "n1"))
	for i := range with.Steps {
		if with.Steps[i].Kind != spec.StepSend && !reflect.DeepEqual(with.Steps[i], without.Steps[i]) {
			t.Errorf("step %d changed: %+v", i, with.Steps[i])
		}
	}
}

func TestMistakesInSends(t *testing.T) {
	for _, c := range []struct{ send, at, what, do string }{
		{"to: n3", "6:21", `"type" is missing`, ""},
		{"to: n3, type: 255", "6:35", "the engine's own", "begin at 256"},
		{"to: n3, type: 0", "6:35", "the engine's own", ""},
		{"to: n3, type: -5", "6:35", "from 256 to 32767", ""},
		{"to: n3, type: 32768", "6:35", "from 256 to 32767", ""},
		{"to: n3, type: 99999999999999999999", "6:35", "neither a number", ""},
		{"to: n3, type: 12a", "6:35", "neither a number", ""},
		{"to: n3, type: lokup", "6:35", `no type of messages called "lokup"`, `"lookup"`},
		{"to: r, type: lookup", "6:34", "no names for types", "scenario.Algorithm.Types"},
		{"to: all, type: lookup", "6:36", "is the type 1024", "an event for each"},
		{"to: n99, type: lookup", "6:25", `no node "n99"`, ""},
		{`to: "random(0)", type: lookup`, "6:33", "a whole number from 1", "random(3)"},
		{`to: "random(2.5)", type: lookup`, "6:33", "a whole number from 1", ""},
		{`to: "random(3", type: lookup`, "6:34", `")" belongs here`, ""},
		{`to: "random(3, n1..n9), t", type: 1024`, "6:43", "has no meaning here", ""},
		{"to: n1, type: lookup, a: 3000000000", "6:46", "from -2147483648", ""},
		{"to: n1, type: lookup, b: x", "6:46", "a whole number", ""},
		{"to: n1, type: lookup, app: b", "6:48", `no application "b"`, ""},
		{"to: n1, type: lookup, app: -1", "6:48", `no application "-1"`, ""},
		{"to: n1, type: lookup, payload-hex: 7", "6:56", "hexadecimal", "two digits"},
		{"to: n1, type: lookup, payload-hex: 07, payload: x", "6:56", "one payload", ""},
		{"to: n1, type: lookup, until: 7s", "6:50", "no use for until", "Add every"},
		{"to: n1, type: lookup, every: 0s", "6:50", "more than 0s", ""},
		{"to: n1, type: lookup, every: 1s, until: 4s", "6:61", "end before it begins", ""},
		{"to: n1, type: lookup, every: 1s, until: 11s", "6:61", "the run ends at 10s", ""},
		{"to: n1, type: lookup, every: 1us", "6:50", "more than 100000", "less often"},
	} {
		_, err := parseSends(c.send, 1)
		var ps spec.Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s: %v", c.send, err)
			continue
		}
		if at := fmt.Sprintf("%d:%d", ps[0].Line, ps[0].Col); at != c.at || !strings.Contains(ps[0].What, c.what) || !strings.Contains(ps[0].Do, c.do) || len(ps) != 1 {
			t.Errorf("%s: at %s, %q, %q; want %s, %q, %q; %d problems", c.send, at, ps[0].What, ps[0].Do, c.at, c.what, c.do, len(ps))
		}
	}
	if _, err := spec.Parse("x", []byte(strings.Replace(strings.Replace(sends, "SEND", "to: n1, type: lookup, every: 1s", 1), "at: 5s", "at: 15s", 1)),
		spec.Options{Algorithms: typed{}}); err == nil || !strings.Contains(err.Error(), "the run ends at 10s") {
		t.Errorf("after the end: %v", err)
	}
}
