package scenario_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// The moments that all nodes of a world share, and their one clock: the same algorithm
// writes down what it is told, and when, in all three worlds.

// diarist is a relay that writes what its node is told of the world and of its links
// into a file: a line each, with the time. Processes have no other way to tell a test.
type diarist struct {
	relay.Relay
	file string
}

func newDiarist(e scenario.Env) (core.Algorithm, error) {
	return &diarist{Relay: *relay.New(nil, e.Downstreams...), file: filepath.Join(e.Params["dir"].(string), e.Name)}, nil
}

// Process implements core.Algorithm.
func (d *diarist) Process(m *core.Msg) core.Verdict {
	late := time.Duration(0)
	switch m.Type() {
	case wire.TypeData:
		if m.From().IsZero() || m.Seq()%10 != 0 {
			return d.Relay.Process(m)
		}
		late = d.Now() - time.Duration(binary.BigEndian.Uint64(m.Payload()))
	case wire.TypeStarted, wire.TypeWorldUp, wire.TypeStopping, wire.TypeLinkDown, wire.TypeBrokenSource, wire.TypeSendFailed:
	case wire.TypeSourceEnd, wire.TypeSessionEnd:
		d.Repair() // so that links end with the world
		return d.Relay.Process(m)
	default:
		return d.Relay.Process(m)
	}
	d.write(fmt.Sprintf("%v %d %d\n", m.Type(), d.Now(), late))
	unhandled := d.Unhandled()
	v := d.Relay.Process(m)
	if d.Unhandled() != unhandled {
		d.write(fmt.Sprintf("unhandled-%v %d 0\n", m.Type(), d.Now()))
	}
	return v
}

func (d *diarist) write(line string) {
	f, err := os.OpenFile(d.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(line)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err) // which ends the run, and says why
	}
}

// withDiarist is what the test and its processes know.
func withDiarist() *scenario.Registry {
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{
		Name:   "diarist",
		Params: []spec.Param{{Name: "dir", Kind: spec.Text, About: "Where the diaries are."}},
		New:    newDiarist,
	})
	r.Add(scenario.Algorithm{Name: "bookkeeper", New: func(e scenario.Env) (core.Algorithm, error) {
		return &bookkeeper{relay: relay.New(nil, e.Downstreams...)}, nil
	}})
	return r
}

// entry is a line of a diary.
type entry struct {
	what string
	at   time.Duration
	late time.Duration // of data: since it was meant to be sent, by the sender's clock
}

// diaries reads what the nodes of a run have written.
func diaries(t *testing.T, dir string, nodes ...string) map[string][]entry {
	t.Helper()
	all := make(map[string][]entry)
	for _, n := range nodes {
		b, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var e entry
			if _, err := fmt.Sscan(line, &e.what, &e.at, &e.late); err != nil {
				t.Fatalf("node %s wrote %q: %v", n, line, err)
			}
			all[n] = append(all[n], e)
		}
	}
	return all
}

// whats are what is in a diary, without data and what nobody had a use for that they
// name.
func whats(entries []entry, but ...string) (out []string) {
	for _, e := range entries {
		if !slices.Contains(but, e.what) {
			out = append(out, e.what)
		}
	}
	return out
}

const moments = `name: moments
seed: 4
duration: 1s
drain: 1s
algorithm: {name: diarist, dir: "DIR"}
nodes:
  - A..C
  - {names: D, starts: later}
  - {names: E, starts: 300ms}
links:
  - {chain: A..C, latency: 5ms}
  - A -> D
applications:
  - {name: a, at: A, source: constant-rate, rate: 200 messages/s, payload: 100B}
timeline:
  - {at: 0s, start: D}
  - {at: 400ms, kill: E}
  - {at: 600ms, restart: E}
expect:
  - received(B..D) = sent(A)
  - lost() = 0
`

func momentsPlan(t *testing.T, r *scenario.Registry) (*scenario.Plan, string) {
	t.Helper()
	dir := t.TempDir()
	return parse(t, r, strings.Replace(moments, "DIR", dir, 1)), dir
}

// checkMoments holds what each node was told against what it is to be told in any world.
func checkMoments(t *testing.T, told map[string][]entry, took time.Duration) {
	t.Helper()
	life := []string{"started", "world-up"}
	want := map[string][]string{}
	for _, n := range []string{"A", "B", "C", "D"} {
		want[n] = append(slices.Clone(life), "stopping")
	}
	want["E"] = append(slices.Concat(life, life), "stopping")
	for n, entries := range told {
		// Links end at the end, after the node was told; A's source ends before.
		end := slices.IndexFunc(entries, func(e entry) bool { return e.what == "stopping" })
		if got := whats(entries[:end+1], "data"); !slices.Equal(got, want[n]) {
			t.Errorf("node %s was told %v, want %v", n, got, want[n])
		}
		if got := whats(entries[end+1:], "data", "link-down", "broken-source"); len(got) > 0 {
			t.Errorf("node %s was told %v after it was told that it stops", n, got)
		}
		up := slices.IndexFunc(entries, func(e entry) bool { return e.what == "world-up" })
		last := time.Duration(0)
		for i, e := range entries {
			if e.what == "data" && i < up {
				t.Errorf("node %s got data before all were up", n)
			}
			if e.at < last || e.at > took || e.late < 0 || e.late > took {
				t.Errorf("node %s: %+v after %v, in a run that took %v", n, e, last, took)
			}
			last = e.at
		}
	}
	if first, again := told["A"][0].at, told["E"][2].at; again <= first {
		t.Errorf("A started at %v, and E, long after it, at %v", first, again)
	}
	if slices.IndexFunc(told["C"], func(e entry) bool { return e.what == "data" && e.late >= 10*time.Millisecond }) < 0 {
		t.Error("C got no data that took as long as its links take")
	}
}

// The clock begins with the world and is the same for all of its nodes; all are up
// before anything is sent; the end is told to all before a link ends.
func TestMoments(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := withDiarist()
			p, dir := momentsPlan(t, r)
			began := time.Now()
			out := run(t, p, scenario.Options{World: w, Registry: r})
			took := time.Since(began)
			if w == "sim" {
				took = 10 * time.Second // of virtual time: its duration, and what the end may take
			}
			held(t, out)
			checkMoments(t, diaries(t, dir, "A", "B", "C", "D", "E"), took)
		})
	}
}

// A run that is interrupted ends as one that is over.
func TestInterruptedRunsEndTogether(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := withDiarist()
			dir := t.TempDir()
			p := parse(t, r, strings.NewReplacer("DIR", dir, "duration: 1s", "duration: 1h", "drain: 1s", "drain: 0s").Replace(moments))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out, err := scenario.Run(ctx, p, scenario.Options{World: w, Registry: r, Child: child(t), Progress: func(done, _ time.Duration) {
				if done >= 250*time.Millisecond {
					cancel()
				}
			}})
			if err != nil || out == nil || !out.Stopped {
				t.Fatalf("%v, %+v", err, out)
			}
			for n, entries := range diaries(t, dir, "A", "B", "C", "D") {
				end := slices.IndexFunc(entries, func(e entry) bool { return e.what == "stopping" })
				if got := whats(entries[:end+1], "data"); !slices.Equal(got, []string{"started", "world-up", "stopping"}) {
					t.Errorf("node %s was told %v", n, got)
				}
			}
		})
	}
}

// An algorithm that panics when it is told of the end makes the run fail.
func TestPanicAtTheEnd(t *testing.T) {
	for _, w := range []string{"sim", "live"} {
		r := scenario.Shipped()
		r.Add(scenario.Algorithm{Name: "crasher", New: func(scenario.Env) (core.Algorithm, error) { return &lastCrasher{}, nil }})
		out, err := scenario.Run(t.Context(), parse(t, r, crashing), scenario.Options{World: w, Registry: r})
		if err == nil || !strings.Contains(err.Error(), "not like this") || !strings.Contains(err.Error(), "node B") || out == nil {
			t.Errorf("%s: %v", w, err)
		}
	}
}

// lastCrasher panics when it is told that it stops.
type lastCrasher struct{ relay.Relay }

func (c *lastCrasher) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeStopping {
		panic("not like this")
	}
	return c.Relay.Process(m)
}
