package observer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/observer/report"
	"github.com/ioverlay/ioverlay/record"
)

// process is some nodes in virtual time that report together.
type process struct {
	r      *rig
	name   string
	shared *report.Virtual
	alive  map[core.NodeID]*core.Switch
	at     map[string]string // addresses of the nodes, by name
	spread bool              // each has an IP address of its own
}

// id is the address of a node of the process: all have one IP address, unless they are spread.
func (p *process) id(name string) core.NodeID {
	if p.at[name] == "" {
		n := len(p.at) + 1
		if p.at[name] = fmt.Sprintf("10.1.0.1:%d", 7000+n); p.spread {
			p.at[name] = fmt.Sprintf("10.1.%d.1:7000", n)
		}
	}
	return p.r.ID(p.at[name])
}

// process starts the node that reports for others to the given observers.
func (r *rig) process(name string, observers ...string) *process {
	p := &process{r: r, name: name, alive: make(map[core.NodeID]*core.Switch), at: make(map[string]string)}
	var ids []core.NodeID
	for _, o := range observers {
		ids = append(ids, r.ID(o))
	}
	var alg core.Algorithm
	p.shared, alg = report.ShareVirtually(report.VirtualWorld{
		Alive: func(id core.NodeID) bool { return p.alive[id] != nil && !p.alive[id].Ended() },
		Deliver: func(id core.NodeID, t core.Type, payload []byte) {
			if n := p.alive[id]; n != nil {
				n.Deliver(t, 0, 0, payload)
			}
		},
	}, ids...)
	r.nodes[name] = r.Node(p.id(name).String(), alg)
	return p
}

func (p *process) add(name string, alg core.Algorithm) *algos.Base {
	p.r.t.Helper()
	if err := p.shared.To(alg, report.Options{Name: name}); err != nil {
		p.r.t.Fatal(err)
	}
	n := p.r.Node(p.id(name).String(), alg)
	p.alive[n.ID()], p.r.nodes[name] = n, n
	return algos.BaseOf(alg)
}

// Nodes of a process are shown, told of others, seen to change and to end, while one link joins the observer and all of them.
func TestNodesOfAProcessReportTogether(t *testing.T) {
	r := newRig(t, observer.Options{Hosts: 3})
	p := r.process("reporter", "observer")
	var bases []*algos.Base
	for i := range 6 {
		bases = append(bases, p.add(fmt.Sprintf("n%d", i), &algos.Base{}))
	}
	source := p.add("source", relay.New(nil, p.id("n0")))
	r.RunFor(3 * time.Second)
	if nodes, _ := r.model.Len(); nodes != 7 {
		t.Fatalf("%d nodes are shown, want 7: not the one that reports for them", nodes)
	}
	c := r.obs.Counts()
	if c.Up != 7 || c.Reporters != 1 || c.Stray+c.Malformed+c.Dropped != 0 {
		t.Errorf("counted %+v", c)
	}
	if s := r.obs.Stats(); len(s.Upstream) != 1 || len(s.Downstream) != 1 {
		t.Errorf("the observer has %d lanes from nodes and %d to them, want one of each", len(s.Upstream), len(s.Downstream))
	}
	told := 0
	for _, b := range bases {
		if len(b.Known()) > 0 {
			told++
		}
	}
	if told < len(bases)-1 { // the first came when there was nobody
		t.Errorf("%d of %d nodes were told of others, want all but the first", told, len(bases))
	}

	r.Call(source, func() {
		if err := apps.Deploy(source.Node, 1, "rate=50 payload=100"); err != nil {
			t.Error(err)
		}
	})
	r.RunFor(3 * time.Second)
	if n := r.node("n0"); n.In.Or(0) == 0 || len(n.Apps) != 1 {
		t.Errorf("a node that gets data is shown as %+v", n)
	}
	if _, links := r.model.Len(); links != 1 {
		t.Errorf("%d links are shown, want 1", links)
	}
	if res := r.command(observer.Command{Action: observer.Join, Targets: to("n3"), App: 5}); !res[0].Sent {
		t.Errorf("an order: %+v", res)
	}
	r.RunFor(2 * time.Second)
	if !bases[3].Joined(5) || len(r.kinds(record.EventJoin)) != 1 {
		t.Errorf("the order was obeyed: %v; events %v", bases[3].Joined(5), r.kinds(record.EventJoin))
	}
	r.Call(bases[2], func() { bases[2].Tracef("a line") })
	r.RunFor(time.Second)
	if len(r.lines) == 0 || r.kinds(record.EventTrace)[0].Text != "a line" {
		t.Errorf("its line is not told: %v", r.lines)
	}

	r.Kill("n1")
	r.Call(bases[2], func() { bases[2].Stop() })
	r.RunFor(2 * time.Second)
	if n1, n2 := r.node("n1"), r.node("n2"); n1.Up.Or(true) || n2.Up.Or(true) || r.obs.Counts().Up != 5 {
		t.Errorf("one that was killed is up: %v; one that has stopped: %v; up %d, want 5", n1.Up, n2.Up, r.obs.Counts().Up)
	}
	p.add("n1", &algos.Base{}) // again, at the same address
	r.RunFor(2 * time.Second)
	if c := r.obs.Counts(); c.Up != 6 {
		t.Errorf("%d are up after one was started again, want 6", c.Up)
	}
	r.Kill("reporter")
	r.RunFor(2 * time.Second)
	if c := r.obs.Counts(); c.Up != 0 || c.Reporters != 0 {
		t.Errorf("the process is gone, and %d nodes are up", c.Up)
	}
}

// What has not changed is not said again: a process whose nodes do nothing sends next to nothing.
func TestIdleNodesCostNothing(t *testing.T) {
	r := newRig(t, observer.Options{})
	p := r.process("reporter", "observer")
	for i := range 100 {
		p.add(fmt.Sprintf("n%d", i), &algos.Base{})
	}
	r.RunFor(5 * time.Second)
	before, bytes := r.obs.Counts(), r.obs.Stats().Upstream[0].Bytes
	r.RunFor(10 * time.Second)
	after := r.obs.Counts()
	if n := after.Reports - before.Reports; n != 0 {
		t.Errorf("%d reports of nodes that did nothing", n)
	}
	if n := r.obs.Stats().Upstream[0].Bytes - bytes; n > 100*400 {
		t.Errorf("100 nodes that do nothing cost %d bytes in 100 answers", n)
	}
}

// A node that reports for itself says what has changed, too, and the picture is the same as with whole reports.
func TestDeltasOfANodeOfItsOwn(t *testing.T) {
	r := newRig(t, observer.Options{})
	n := r.join("n", &algos.Base{})
	r.RunFor(5 * time.Second)
	bytes := r.obs.Stats().Upstream[0].Bytes
	r.RunFor(10 * time.Second)
	if each := (r.obs.Stats().Upstream[0].Bytes - bytes) / 10; each > 150 {
		t.Errorf("a report of a node that does nothing has %d bytes", each)
	}
	r.Call(n, func() { n.Join(7) })
	r.RunFor(2 * time.Second)
	if apps := r.node("n").Apps; len(apps) != 1 || !apps[0].Joined.Or(false) {
		t.Errorf("what has changed is shown as %+v", apps)
	}
	r.Call(n, func() { n.Leave(7) })
	r.RunFor(2 * time.Second)
	if apps := r.node("n").Apps; len(apps) == 1 && apps[0].Joined.Or(false) {
		t.Errorf("what is gone is shown as %+v", apps)
	}
}

// Nodes at other IP addresses than the one that reports for them are asked themselves, once.
func TestNodesElsewhereAreAskedThemselves(t *testing.T) {
	r := newRig(t, observer.Options{})
	p := r.process("reporter", "observer")
	p.spread = true
	for i := range 4 {
		p.add(fmt.Sprintf("n%d", i), &algos.Base{})
	}
	r.RunFor(10 * time.Second)
	if c := r.obs.Counts(); c.Up != 4 || c.Reporters != 1 {
		t.Fatalf("counted %+v, want 4 up", c)
	}
	for id, n := range p.alive { // no report goes over a link of their own any more
		for _, l := range n.Stats().Downstream {
			if l.To == r.ID("observer") && l.SentMsgs > 2 {
				t.Errorf("%v has sent the observer %d messages itself", id, l.SentMsgs)
			}
		}
	}
	r.Kill("n2")
	r.RunFor(3 * time.Second)
	if c := r.obs.Counts(); c.Up != 3 {
		t.Errorf("counted %+v, want 3 up", c)
	}
}

// Two observers watch the nodes of a process: both see them, and the first is obeyed.
func TestTwoObserversOfAProcess(t *testing.T) {
	r := newRig(t, observer.Options{})
	second := observer.New(observer.Options{Poll: 3 * time.Second})
	r.Node("second", second)
	p := r.process("reporter", "observer", "second")
	n := p.add("n", &algos.Base{})
	p.add("m", &algos.Base{})
	r.RunFor(10 * time.Second)
	if a, b := r.obs.Counts(), second.Counts(); a.Up != 2 || b.Up != 2 {
		t.Fatalf("the first shows %d, the second %d", a.Up, b.Up)
	}
	r.Call(second, func() {
		_, _ = second.Control(&observer.Command{Action: observer.Join, Targets: to("n"), App: 1}, "test")
	})
	r.command(observer.Command{Action: observer.Join, Targets: to("n"), App: 2})
	r.RunFor(10 * time.Second)
	if n.Joined(1) || !n.Joined(2) {
		t.Errorf("the second was obeyed: %v, the first: %v", n.Joined(1), n.Joined(2))
	}
	if c := second.Counts(); c.Stray+c.Malformed != 0 {
		t.Errorf("the second counted %+v", c)
	}
}

// An observer that comes again at its address has all nodes of the process within two polls of its return.
func TestAnObserverComesAgainToAProcess(t *testing.T) {
	r := newRig(t, observer.Options{})
	p := r.process("reporter", "observer")
	for i := range 50 {
		p.add(fmt.Sprintf("n%d", i), &algos.Base{})
	}
	r.RunFor(3 * time.Second)
	known := r.obs.Alive()
	if len(known) != 1 || known[0] != p.id("reporter") {
		t.Errorf("it remembers %v, want the one that reports", known)
	}
	for _, known := range [][]core.NodeID{known, nil} { // with what it remembers, and without
		r.Kill("observer")
		r.RunFor(20 * time.Second)
		next := observer.New(observer.Options{Known: known})
		r.Node("observer", next)
		if known == nil {
			r.RunFor(time.Second) // until it is found
		}
		r.RunFor(1200 * time.Millisecond) // a poll, and a part of one until it is asked
		if c := next.Counts(); c.Up != 50 || c.Malformed != 0 {
			t.Errorf("a poll after it came again (knowing %v) it counts %+v, want 50 up", known, c)
		}
	}
}

// sharedLiar answers requests with what a test makes up of other nodes.
func sharedLiar(r *rig, name string, members func() [][]byte) *liar {
	next := uint64(0)
	l := newLiar(nil)
	l.Handle = func(m *core.Msg) core.Verdict {
		if m.Type() != wire.TypeRequest {
			return core.Done
		}
		var ask algos.StatusAsk
		if err := algos.Decode(m.Payload(), &ask); err != nil {
			r.t.Error(err)
		}
		list := members()
		sh := &algos.StatusShared{Session: ask.Session, First: next, Next: next + uint64(len(list)), Members: list}
		next = sh.Next
		payload := algos.Encode(algos.Status{Version: 1, Node: r.ID(name), Shared: sh})
		a := l.NewMsg(wire.TypeStatus, 0, len(payload))
		copy(a.Payload(), payload)
		a.SetSeq(m.Seq())
		l.Send(a, m.From())
		return core.Done
	}
	r.boot(name, l)
	return l
}

// Who reports for others speaks for those that he has and no other does: what he says of nodes that speak for themselves, of
// the observer, and of changes to what nobody has said, is counted and changes nothing.
func TestAReporterSpeaksForItsOwn(t *testing.T) {
	r := newRig(t, observer.Options{})
	honest := r.join("honest", &algos.Base{})
	p := r.process("reporter", "observer")
	p.add("theirs", &algos.Base{})
	r.RunFor(2 * time.Second)
	claim := func(id core.NodeID) []byte {
		return algos.Encode(algos.Status{Version: 1, Node: id, Name: "stolen"})
	}
	nobody := r.ID("nobody")
	sharedLiar(r, "liar", func() [][]byte {
		return [][]byte{
			claim(honest.ID()), claim(p.id("theirs")), claim(r.ID("observer")), claim(p.id("reporter")), claim(core.NodeID{}),
			[]byte("no CBOR"), {}, algos.Encode(map[string]any{"v": 1, "node": nobody.String(), "n": 9, "delta": map[string]any{"base": 3, "set": 1, "part": map[string]any{}}}),
			algos.Encode(algos.Status{Version: 1, Node: nobody, Shared: &algos.StatusShared{Session: 1}}),
		}
	})
	r.RunFor(20 * time.Second)
	for n := range r.model.EachNode {
		if n.Name.Or("") == "stolen" {
			t.Errorf("it was believed of %s", n.ID.Or(""))
		}
	}
	if c := r.obs.Counts(); c.Up != 2 || c.Stray == 0 || c.Malformed == 0 {
		t.Errorf("counted %+v, want 2 up", c)
	}
	if r.node("honest").Up.Or(false) != true || r.node("theirs").Up.Or(false) != true {
		t.Error("the honest are shown as down")
	}
}
