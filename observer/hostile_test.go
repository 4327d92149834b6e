package observer_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/record"
)

// liar is a node that answers requests with what a test makes up.
type liar struct {
	coretest.Recorder
	status func() []byte
}

func newLiar(status func() []byte) *liar {
	l := &liar{status: status}
	l.Handle = func(m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeRequest {
			payload := l.status()
			r := l.NewMsg(wire.TypeStatus, 0, len(payload))
			copy(r.Payload(), payload)
			r.SetSeq(m.Seq())
			l.Send(r, m.From())
		}
		return core.Done
	}
	return l
}

// boot has a liar say that it is up.
func (r *rig) boot(name string, l *liar) {
	n := r.Node(name, l)
	r.Send(n, r.ID("observer"), wire.TypeBoot, 0, 0, nil)
	r.RunFor(time.Second)
}

// What a node reports is shown bounded and as data, and the nodes beside it are shown as ever.
func TestHostileReports(t *testing.T) {
	r := newRig(t, observer.Options{})
	honest := r.join("honest", &algos.Base{})
	r.RunFor(time.Second)
	long := strings.Repeat("x", 50_000)
	markup := "<script>alert(1)</script>\u202e\x00\n\"'"
	id := r.ID("liar")
	lies := []any{
		"no map", []byte{0xff, 0xff}, map[string]any{}, algos.Status{Version: 99, Node: id}, algos.Status{Version: 1, Node: honest.ID()},
		algos.Status{Version: 1, Node: id, Name: long, Group: markup, Algorithm: markup + long, Place: &algos.Place{Lat: math.NaN(), Lon: 1e9, Label: long}},
		algos.Status{Version: 1, Node: id, Place: &algos.Place{Lat: 91, Lon: 0}, Held: -5, Caps: &algos.StatusCaps{Up: -1},
			Process: &algos.StatusProcess{PID: -1, CPU: -time.Hour, RSS: -1, FDs: -1, Goroutines: -1, Host: markup}},
		algos.Status{Version: 1, Node: id, Metrics: map[string]float64{markup: 1, "nan": math.NaN(), "inf": math.Inf(1)}, States: map[string]string{markup: markup, "ok": long}},
		algos.Status{Version: 1, Node: id, Extra: algos.Encode(map[string]any{"a": markup, "nan": math.NaN(), "bytes": []byte{1, 2}})},
		algos.Status{Version: 1, Node: id, Extra: algos.Encode(long)},
		algos.Status{Version: 1, Node: id, Now: -1, Upstream: []algos.StatusUp{{App: 1, Weight: -1, Held: -1}}, Downstream: []algos.StatusDown{
			{To: honest.ID(), App: 1, QueuedMsgs: -1, QueuedBytes: -1, Waiting: -1, RTT: -1, Loss: 7, Latency: -1, Cap: -1}, {To: id}, {To: core.NodeID{}}}},
	}
	next := 0
	l := newLiar(func() []byte {
		if next < len(lies) {
			next++
			return algos.Encode(lies[next-1])
		}
		return algos.Encode(algos.Status{Version: 1, Node: id})
	})
	r.boot("liar", l)
	for range 2 * len(lies) {
		r.Send(l.Node, r.ID("observer"), wire.TypeBoot, 0, 0, nil) // so that it is asked again, whatever it said
		r.RunFor(time.Second)
		u := r.model.Snapshot()
		text := u.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("what is shown is no JSON: %.200s", text)
		}
		if len(text) > 50_000 {
			t.Fatalf("%d bytes are shown of two nodes", len(text))
		}
		for n := range r.model.EachNode {
			for _, s := range []string{n.Name.Or(""), n.Group.Or(""), n.Algorithm.Or(""), n.Place.Label.Or(""), n.Process.Host.Or("")} {
				if len(s) > 64 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u202e' }) {
					t.Fatalf("a text is shown as %q", s)
				}
			}
		}
	}
	if next < len(lies) {
		t.Errorf("only %d of %d lies were told", next, len(lies))
	}
	if n := r.node("honest"); !n.Up.Or(false) || n.ID.Or("") != honest.ID().String() {
		t.Errorf("the honest node is shown as %s", n.AppendJSON(nil))
	}
	if c := r.obs.Counts(); c.Malformed == 0 || c.Stray == 0 {
		t.Errorf("counted %+v", c)
	}
}

// Reports that nobody asked for, and in the name of others, show nothing.
func TestReportsThatNobodyAskedFor(t *testing.T) {
	r := newRig(t, observer.Options{})
	r.join("honest", &algos.Base{})
	r.RunFor(2 * time.Second)
	var l coretest.Recorder
	n := r.Node("liar", &l)
	for seq := range uint64(1000) {
		r.Send(n, r.ID("observer"), wire.TypeStatus, 0, seq, algos.Encode(algos.Status{Version: 1, Node: r.ID("honest"), Name: "forged"}))
		r.Send(n, r.ID("observer"), wire.TypeStatus, 0, seq, algos.Encode(algos.Status{Version: 1, Node: n.ID(), Name: "forged"}))
		r.RunFor(0)
	}
	r.RunFor(time.Second)
	for n := range r.model.EachNode {
		if n.Name.Or("") == "forged" {
			t.Errorf("shown: %s", n.AppendJSON(nil))
		}
	}
	if c := r.obs.Counts(); c.Stray != 2000 || c.Up != 1 {
		t.Errorf("counted %+v", c)
	}
}

// A node that floods with trace lines has some of them told, and the others' are told all the same.
func TestFloodsOfTraceLines(t *testing.T) {
	r := newRig(t, observer.Options{})
	flooder, quiet := r.join("flooder", &algos.Base{}), r.join("quiet", &algos.Base{})
	r.RunFor(2 * time.Second)
	for range 60 {
		r.Call(flooder, func() {
			for range 1000 {
				flooder.Tracef("%s", strings.Repeat("noise ", 500))
			}
		})
		r.Call(quiet, func() { quiet.Tracef("news") })
		r.RunFor(time.Second)
	}
	told := make(map[string]int)
	for _, e := range r.kinds(record.EventTrace) {
		told[e.Text[:4]]++
		if len(e.Text) > 1024 {
			t.Fatalf("a line of %d bytes", len(e.Text))
		}
	}
	if told["news"] != 60 || told["nois"] < 60 || told["nois"] > 20+5*61 {
		t.Errorf("told: %v of 60 lines of one node and 60,000 of another", told)
	}
	if p := r.kinds(record.EventProblem); len(p) == 0 || len(p) > 8 {
		t.Errorf("that lines were dropped was told %d times in a minute", len(p))
	}
}

// Nodes beyond the limit are not shown; those that are down make room for those that come.
func TestNodesBeyondTheLimit(t *testing.T) {
	r := newRig(t, observer.Options{Nodes: 5})
	for i := range 7 {
		r.join(fmt.Sprintf("n%d", i), &algos.Base{})
	}
	r.RunFor(2 * time.Second)
	if c := r.obs.Counts(); c.Up != 5 || c.Dropped == 0 {
		t.Errorf("of 7 nodes where 5 can be: %+v", c)
	}
	// 50 nodes that come and go.
	for i := range 50 {
		name := fmt.Sprintf("m%d", i)
		for n := range r.model.EachNode {
			if n.Up.Or(false) {
				r.Kill(n.Name.Or(""))
				break
			}
		}
		r.RunFor(time.Second)
		r.join(name, &algos.Base{})
		r.RunFor(7 * time.Second) // those that were not let in try again when their link is told as gone, not before
		if nodes, _ := r.model.Len(); nodes > 5 {
			t.Fatalf("%d nodes are shown", nodes)
		}
	}
}

// Strangers that say they are everywhere have the observer dial a bounded number of addresses at a time, and are forgotten.
func TestBootsOfStrangersAreBounded(t *testing.T) {
	r := newRig(t, observer.Options{Nodes: 100})
	for i := range 500 {
		id := core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 7, byte(i >> 8), byte(i)}), 7000))
		var silent coretest.Recorder
		n := r.World.Node(id.String(), &silent)
		r.Send(n, r.ID("observer"), wire.TypeBoot, 0, 0, nil)
	}
	r.RunFor(0)
	if c := r.obs.Counts(); c.Candidates > 100 || c.Dropped != 400 {
		t.Errorf("of 500 that boot at once: %+v", c)
	}
	r.RunFor(time.Minute)
	if c := r.obs.Counts(); c.Candidates != 0 || c.Up != 0 {
		t.Errorf("a minute later: %+v", c)
	}
}

// Random bytes as a report.
func TestRandomReports(t *testing.T) {
	r := newRig(t, observer.Options{})
	rng := rand.New(rand.NewPCG(1, 2))
	id := r.ID("liar")
	good := algos.Encode(algos.Status{Version: 1, Node: id, Name: "liar", Upstream: make([]algos.StatusUp, 3), Downstream: make([]algos.StatusDown, 3), Metrics: map[string]float64{"a": 1}})
	l := newLiar(func() []byte {
		b := append([]byte(nil), good...)
		for range rng.IntN(4) {
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		return b
	})
	r.boot("liar", l)
	for range 2000 {
		r.Send(l.Node, r.ID("observer"), wire.TypeBoot, 0, 0, nil)
		r.RunFor(20 * time.Millisecond)
	}
	u := r.model.Snapshot()
	if text := u.AppendJSON(nil); !json.Valid(text) {
		t.Errorf("what is shown is no JSON: %s", text)
	}
}
