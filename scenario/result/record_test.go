package result_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// planOf is a plan of some nodes in a ring, with as many applications.
func planOf(t interface{ Fatal(...any) }, nodes int) *spec.Plan {
	src := fmt.Sprintf("name: p\nduration: 100s\nnodes: [n1..n%d]\nlinks: [{ring: n1..n%d}]\napplications:\n", nodes, nodes)
	for i := range nodes {
		src += fmt.Sprintf("  - {name: a%d, at: n%d, source: back-to-back}\n", i+1, i+1)
	}
	p, err := spec.Parse("p.yaml", []byte(src), spec.Options{Algorithms: relayOnly{}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ringOf(p *spec.Plan) *result.Run {
	r := &result.Run{Plan: p, World: "test", Ended: 100 * time.Second}
	for _, l := range p.Links {
		r.Links = append(r.Links, [2]int{l.From, l.To})
	}
	return r
}

// What is read back is what a plain copy of everything at every sample would say.
func TestSamplesSayWhatCopiesWould(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const nodes = 3
		p := planOf(rt, nodes)
		r := ringOf(p)
		type copyOf struct {
			at     time.Duration
			counts [2 * nodes][nodes]result.Counts // nodes, then links; by application
			state  [2 * nodes]result.State
		}
		var now copyOf
		var copies []copyOf
		at := time.Duration(0)
		for range rapid.IntRange(1, 12).Draw(rt, "samples") {
			for range rapid.IntRange(0, 6).Draw(rt, "changes") {
				i, app := rapid.IntRange(0, 2*nodes-1).Draw(rt, "of"), rapid.IntRange(0, nodes-1).Draw(rt, "app")
				n := rapid.Uint64Range(0, 9).Draw(rt, "n")
				more := result.Counts{Msgs: n, Bytes: 10 * n, Payload: 8 * n, Distinct: n / 2, Sent: n % 3, Broken: n % 2}
				state := result.State{Queued: int(n), Lost: n / 3}
				now.counts[i][app].Add(more)
				now.state[i] = state
				if i < nodes {
					r.CountNode(i, uint32(app+1), more)
					state.Up = n > 4
					now.state[i].Up = state.Up
					*r.NodeState(i) = state
				} else {
					r.CountLink(i-nodes, uint32(app+1), more)
					*r.LinkState(i - nodes) = state
				}
			}
			r.Take(result.Sample{At: at})
			now.at = at
			copies = append(copies, now)
			at += time.Duration(rapid.IntRange(1, 5).Draw(rt, "pause")) * time.Second
		}
		for range 3 { // there and back again
			look := time.Duration(rapid.IntRange(0, int(at/time.Second)+2).Draw(rt, "look")) * time.Second
			i := slices.IndexFunc(copies, func(c copyOf) bool { return c.at > look })
			if i < 0 {
				i = len(copies)
			}
			want := copies[i-1]
			for k := range 2 * nodes {
				target := spec.Target{Node: k, From: -1, To: -1}
				if k >= nodes {
					target = spec.Target{Node: -1, From: r.Links[k-nodes][0], To: r.Links[k-nodes][1]}
				}
				for app := range nodes + 1 {
					var c result.Counts
					for a := range nodes {
						if app == 0 || app == a+1 {
							c.Add(want.counts[k][a])
						}
					}
					for name, value := range map[string]uint64{"throughput": c.Bytes, "goodput": c.Payload, "sent": c.Sent, "received": c.Msgs,
						"distinct": c.Distinct, "broken": c.Broken, "queued": uint64(want.state[k].Queued), "lost": want.state[k].Lost} {
						m := spec.Measures[slices.IndexFunc(spec.Measures, func(m spec.Measure) bool { return m.Name == name })]
						if got, when := r.Read(m, target, uint32(app), look); got != float64(value) || when != want.at {
							rt.Fatalf("%s of %v, application %d, at %v: %v read at %v, want %d at %v", name, target, app, look, got, when, value, want.at)
						}
					}
				}
			}
		}
	})
}

// Memory goes with the nodes and with what changes, not with nodes times applications:
// of each of 1500 applications, two nodes and a link know. A copy of everything at each
// of 50 samples would take 2 * 1500 * 1500 * 50 counts, more than 10 GB.
func TestSamplesTakeMemoryByWhatChanges(t *testing.T) {
	const nodes, samples = 1500, 50
	p := planOf(t, nodes)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := ringOf(p)
	for s := range samples {
		for i := range nodes {
			r.CountNode(i, uint32(i+1), result.Counts{Sent: 5})
			r.CountNode((i+1)%nodes, uint32(i+1), result.Counts{Msgs: 5, Bytes: 500})
			r.CountLink(i, uint32(i+1), result.Counts{Msgs: 5, Bytes: 500})
		}
		r.Take(result.Sample{At: time.Duration(s) * time.Second})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	// A point takes at most a dozen bytes, in a slice that grows to twice of it.
	if most := uint64(nodes * (samples*5*12*2 + 4000)); after.HeapAlloc-before.HeapAlloc > most {
		t.Errorf("%d bytes, want at most %d", after.HeapAlloc-before.HeapAlloc, most)
	}
	rows := 0
	if err := r.Rows(func(result.Row) error { rows++; return nil }); err != nil || rows != (samples-1)*nodes*5 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// Sources that owe messages are named, and starved intervals are told and marked.
func TestWarnings(t *testing.T) {
	p := planOf(t, 3)
	r := ringOf(p)
	r.CountNode(0, 1, result.Counts{Sent: 1000, Due: 1000})
	r.CountNode(1, 2, result.Counts{Sent: 990, Due: 1000})
	r.CountNode(2, 3, result.Counts{Sent: 989, Due: 1000})
	r.Take(result.Sample{})
	r.Take(result.Sample{At: time.Second, Late: result.Lateness{Timers: result.Starving - 1}})
	if b := r.Behind(); len(b) != 1 || b[0] != (result.Behind{Application: "a3", Node: "n3", Sent: 989, Due: 1000}) {
		t.Errorf("%+v", b)
	}
	if w := r.Warnings(); len(w) != 1 {
		t.Errorf("%q", w)
	}
	r.Take(result.Sample{At: 2 * time.Second, Late: result.Lateness{Loops: result.Starving}})
	if w := r.Warnings(); len(w) != 2 {
		t.Errorf("%q", w)
	}
	if rep := r.Report(); rep.Late.Starved != 1 || rep.Late.Intervals != 2 || rep.Late.LoopsS != result.Starving.Seconds() {
		t.Errorf("%+v", rep.Late)
	}
	err := r.Rows(func(row result.Row) error {
		if row.Starved != (row.AtS == 2) {
			t.Errorf("%+v", row)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
