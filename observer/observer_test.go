package observer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/record"
)

// rig is an observer in a small world, and what it has told.
type rig struct {
	*coretest.World
	t      *testing.T
	obs    *observer.Observer
	model  record.Model
	events []record.Event
	lines  []observer.Line
	nodes  map[string]*core.Switch
}

// Node is the World's, and remembers the node by its name.
func (r *rig) Node(name string, alg core.Algorithm) *core.Switch {
	n := r.World.Node(name, alg)
	r.nodes[name] = n
	return n
}

func (r *rig) Kill(name string) { r.nodes[name].Kill() }

func newRig(t *testing.T, o observer.Options) *rig {
	r := &rig{World: coretest.New(t, core.Config{}), t: t, nodes: make(map[string]*core.Switch)}
	o.Tell = func(u *record.Update) {
		if err := r.model.Apply(u); err != nil {
			t.Errorf("an update that cannot be: %v", err)
		}
		r.events = append(r.events, u.Events...)
	}
	o.Log = func(l observer.Line) { r.lines = append(r.lines, l) }
	r.obs = observer.New(o)
	r.Node("observer", r.obs)
	r.RunFor(0)
	return r
}

// join adds a node that reports to the observer.
func (r *rig) join(name string, alg core.Algorithm) *algos.Base {
	b := algos.BaseOf(alg)
	b.Observer = r.ID("observer")
	b.About.Name = name
	r.Node(name, alg)
	return b
}

func (r *rig) node(name string) record.Node {
	r.t.Helper()
	for n := range r.model.EachNode {
		if n.Name.Or("") == name {
			return *n
		}
	}
	r.t.Fatalf("there is no node called %s", name)
	return record.Node{}
}

func (r *rig) command(c observer.Command) []observer.Result {
	r.t.Helper()
	var results []observer.Result
	var err error
	r.Call(r.obs, func() { results, err = r.obs.Control(&c, "a test") })
	if err != nil {
		r.t.Fatal(err)
	}
	return results
}

func (r *rig) kinds(kind string) (found []record.Event) {
	for _, e := range r.events {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

func to(names ...string) (t observer.Targets) {
	for _, n := range names {
		t.List = append(t.List, observer.TargetOf(n))
	}
	return t
}

// A node boots, is told of some that are there, and is shown; its links, figures and end are, too.
func TestNodesAreBootstrappedAndShown(t *testing.T) {
	r := newRig(t, observer.Options{Hosts: 3})
	var bases []*algos.Base
	for i := range 8 {
		bases = append(bases, r.join(fmt.Sprintf("n%d", i), &algos.Base{}))
		r.RunFor(time.Second)
	}
	for i, b := range bases {
		if got := len(b.Known()); got != min(i, 3) {
			t.Errorf("node %d knows %d hosts, want %d", i, got, min(i, 3))
		}
		if slices.Contains(b.Known(), r.ID("observer")) {
			t.Error("the observer counts itself among the nodes")
		}
	}
	if nodes, links := r.model.Len(); nodes != 8 || links != 0 {
		t.Errorf("%d nodes with %d links are shown, want 8 with 0: those to the observer are none of the overlay's", nodes, links)
	}
	if c := r.obs.Counts(); c.Up != 8 || c.Reports == 0 || c.Stray+c.Malformed+c.Dropped != 0 {
		t.Errorf("counted %+v", c)
	}
	if up := r.kinds(record.EventUp); len(up) != 8 {
		t.Errorf("%d nodes came up, want 8", len(up))
	}
}

func TestLinksAndApplicationsAreShown(t *testing.T) {
	r := newRig(t, observer.Options{})
	sink := relay.New(nil)
	r.join("sink", sink)
	source := relay.New(nil, r.ID("sink"))
	src := r.join("source", source)
	r.RunFor(2 * time.Second)
	r.Call(source, func() {
		src.SetLink(r.ID("sink"), emul.Link{Rate: 50_000, Latency: 10 * time.Millisecond})
		if err := apps.Deploy(src.Node, 5, "rate=100 payload=976"); err != nil {
			t.Error(err)
		}
	})
	r.RunFor(10 * time.Second)
	from, end := r.node("source"), r.node("sink")
	l, ok := r.model.Link(from.I, end.I)
	if !ok {
		t.Fatal("the link is not shown")
	}
	// 100 messages a second of 1000 bytes into a link that carries 50,000 bytes a second.
	if rate := l.Rate.Or(0); !l.Up.Or(false) || rate < 40_000 || rate > 60_000 || l.Cap.Or(0) != 50_000 || l.Latency.Or(0) != 0.01 {
		t.Errorf("the link is shown as %s", l.AppendJSON(nil))
	}
	if l.Queued.Msgs.Or(0) == 0 {
		t.Errorf("nothing waits at a link that is too slow: %s", l.AppendJSON(nil))
	}
	if len(from.Apps) != 1 || from.Apps[0].ID != 5 || !from.Apps[0].Source.Or(false) || len(end.Apps) != 1 || end.Apps[0].In.Or(0) == 0 {
		t.Errorf("the application is shown as %s at its source and %s at its sink", from.AppendJSON(nil), end.AppendJSON(nil))
	}
	if e := r.kinds(record.EventSource); len(e) != 1 || e[0].App != 5 {
		t.Errorf("the source was told as %+v", e)
	}
}

// Every order, and what it does.
func TestOrdersAreObeyed(t *testing.T) {
	r := newRig(t, observer.Options{})
	b := &algos.Base{}
	var deployed string
	b.Deploy = func(app uint32, params []byte) {
		deployed = fmt.Sprintf("%d %s", app, params)
		b.AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 10}, 1))
	}
	var control string
	got := &heeder{Base: b, got: &control}
	b.Observer, b.About.Name = r.ID("observer"), "n"
	node := r.Node("n", got)
	r.join("other", &algos.Base{})
	r.RunFor(3 * time.Second)
	other := r.ID("other")
	order := func(c observer.Command) {
		t.Helper()
		c.Targets = to("n")
		if res := r.command(c); len(res) != 1 || !res[0].Sent || res[0].Error != "" {
			t.Fatalf("%s: %+v", c.Action, res)
		}
		r.RunFor(100 * time.Millisecond)
	}
	order(observer.Command{Action: observer.SetBandwidth, Total: 3000, Up: 1000, Down: 2000})
	if w := node.Bandwidth(); w != (emul.Bandwidth{Total: 3000, Up: 1000, Down: 2000}) {
		t.Errorf("set-bandwidth set %v", w)
	}
	order(observer.Command{Action: observer.SetBandwidth})
	order(observer.Command{Action: observer.SetLink, To: observer.TargetOf("other"), Rate: 500, Latency: 0.02, Jitter: "normal", Spread: 0.001, Loss: 0.5})
	if e := node.Link(other); e.Rate != 500 || e.Latency != 20*time.Millisecond || e.Loss != 0.5 || e.Jitter.Spread != time.Millisecond {
		t.Errorf("set-link set %+v", e)
	}
	order(observer.Command{Action: observer.Join, App: 5})
	if !b.Joined(5) {
		t.Error("join did nothing")
	}
	order(observer.Command{Action: observer.Leave, App: 5})
	if b.Joined(5) {
		t.Error("leave did nothing")
	}
	order(observer.Command{Action: observer.Deploy, App: 7, Payload: "fast"})
	if deployed != "7 fast" {
		t.Errorf("deploy came as %q", deployed)
	}
	sources := func() (n int) {
		for _, l := range node.Stats().Upstream {
			if l.From.IsZero() {
				n++
			}
			if l.App != 0 && l.From == r.ID("observer") {
				t.Error("the observer became an upstream of a session by giving an order")
			}
		}
		return n
	}
	order(observer.Command{Action: observer.SetWeight, App: 7, Weight: 9})
	if w := node.Stats().Upstream; !slices.ContainsFunc(w, func(l core.LaneIn) bool { return l.App == 7 && l.Weight == 9 }) {
		t.Errorf("weight did nothing: %+v", w)
	}
	if sources() != 1 {
		t.Error("there is no source")
	}
	order(observer.Command{Action: observer.TerminateSource, App: 7})
	if sources() != 0 {
		t.Error("terminate-source did nothing")
	}
	order(observer.Command{Action: observer.Message, Type: 1024, A: 3, B: -4, Payload: "p"})
	if control != "user-1024 3 -4 p" {
		t.Errorf("a message came as %q", control)
	}
	before := r.obs.Counts().Reports
	order(observer.Command{Action: observer.Request})
	if r.obs.Counts().Reports == before {
		t.Error("request brought no report")
	}
	order(observer.Command{Action: observer.TerminateNode})
	if !node.Ended() {
		t.Error("terminate-node did nothing")
	}
	r.RunFor(3 * time.Second)
	if r.node("n").Up.Or(true) {
		t.Error("the node is shown as up still")
	}
	for _, e := range append(r.kinds(record.EventControl), r.kinds(record.EventTerminate)...) {
		if e.By != "a test" || e.Text == "" {
			t.Errorf("an order is told as %+v", e)
		}
	}
}

// heeder keeps the messages of a type of its own.
type heeder struct {
	*algos.Base
	got *string
}

func (h *heeder) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.FirstUserType {
		a, b := m.Params()
		*h.got = fmt.Sprintf("%v %d %d %s", m.Type(), a, b, m.Payload())
		return core.Done
	}
	return h.Base.Process(m)
}

func TestOrdersThatMakeNoSense(t *testing.T) {
	r := newRig(t, observer.Options{})
	r.join("n", &algos.Base{})
	r.RunFor(2 * time.Second)
	all := observer.Targets{All: true}
	for _, c := range []observer.Command{
		{}, {Action: "dance", Targets: all}, {Action: observer.Join, App: 5}, {Action: observer.Join, Targets: all},
		{Action: observer.SetBandwidth, Targets: all, Up: -1}, {Action: observer.SetBandwidth, Targets: all, Up: 1e300},
		{Action: observer.SetBandwidth, Targets: all, App: 3}, {Action: observer.SetLink, Targets: all},
		{Action: observer.SetLink, Targets: all, To: observer.TargetOf("n"), Loss: 2}, {Action: observer.SetLink, Targets: all, To: observer.TargetOf("n"), Jitter: "odd"},
		{Action: observer.SetWeight, Targets: all, App: 1}, {Action: observer.Message, Targets: all, Type: 10},
		{Action: observer.Message, Targets: all, Type: 1024, Payload: "a", PayloadBase64: []byte("b")},
	} {
		var err error
		r.Call(r.obs, func() { _, err = r.obs.Control(&c, "") })
		if !errors.Is(err, observer.ErrCommand) {
			t.Errorf("%+v: %v, want an error that says what is wrong", c, err)
		}
	}
	res := r.command(observer.Command{Action: observer.Join, App: 5, Targets: to("nobody", "17", "10.9.9.9:1", "n", "0")})
	if len(res) != 4 || res[0].Sent || res[1].Sent || res[2].Sent || !res[3].Sent {
		t.Errorf("of three nodes that are not there and one that was named twice: %+v", res)
	}
}

// A node that goes is shown as gone, and one that comes back as up.
func TestNodesThatGoAndCome(t *testing.T) {
	r := newRig(t, observer.Options{})
	r.join("a", relay.New(nil, r.ID("b")))
	r.join("b", relay.New(nil))
	r.RunFor(time.Second)
	r.Send(r.nodes["a"], r.ID("b"), wire.TypeData, 5, 0, nil)
	r.RunFor(2 * time.Second)
	index := r.node("b").I
	r.Kill("b")
	r.RunFor(2 * time.Second)
	if n := r.node("b"); n.Up.Or(true) {
		t.Fatalf("it is shown as %s", n.AppendJSON(nil))
	}
	if l, ok := r.model.Link(r.node("a").I, index); !ok || l.Up.Or(true) {
		t.Errorf("the link to it is shown as %s", l.AppendJSON(nil))
	}
	if told := r.kinds(record.EventTold); len(told) != 1 {
		t.Errorf("that the other end lost its link was told as %+v", told)
	}
	r.join("b", relay.New(nil))
	r.RunFor(2 * time.Second)
	if n := r.node("b"); !n.Up.Or(false) || n.I != index || n.Since.Or(0) < 5 {
		t.Errorf("after it came back it is shown as %s", n.AppendJSON(nil))
	}
	r.RunFor(time.Minute)
	if _, ok := r.model.Link(r.node("a").I, index); ok {
		t.Error("a link that has been gone for a minute is shown")
	}
}

// A node that has a link and says nothing is down after some polls, and up when it speaks.
func TestSilentNodes(t *testing.T) {
	r := newRig(t, observer.Options{})
	mute := &mute{Base: &algos.Base{}}
	r.join("n", mute)
	r.RunFor(2 * time.Second)
	mute.silent = true
	r.RunFor(10 * time.Second)
	if r.node("n").Up.Or(true) {
		t.Error("it is shown as up")
	}
	if down := r.kinds(record.EventDown); len(down) != 1 || !strings.Contains(down[0].Text, "no answer") {
		t.Errorf("told as %+v", down)
	}
	mute.silent = false
	r.Call(mute, func() { mute.Send(mute.NewMsg(wire.TypeBoot, 0, 0), r.ID("observer")) })
	r.RunFor(2 * time.Second)
	if !r.node("n").Up.Or(false) {
		t.Error("it speaks again, and is shown as down")
	}
}

type mute struct {
	*algos.Base
	silent bool
}

func (m *mute) Process(msg *core.Msg) core.Verdict {
	if m.silent && msg.Type() == wire.TypeRequest {
		return core.Done
	}
	return m.Base.Process(msg)
}

// An observer that starts with what the one before it knew has its picture within one poll.
func TestARestartedObserverAsksThoseItKnows(t *testing.T) {
	r := newRig(t, observer.Options{})
	for i := range 20 {
		r.join(fmt.Sprintf("n%d", i), &algos.Base{})
	}
	r.RunFor(3 * time.Second)
	known := r.obs.Alive()
	r.Kill("observer")
	r.RunFor(time.Minute) // all of them have given up for five seconds at a time
	var model record.Model
	again := observer.New(observer.Options{Known: known, Tell: func(u *record.Update) {
		if err := model.Apply(u); err != nil {
			t.Error(err)
		}
	}})
	r.Node("observer", again)
	r.RunFor(time.Second)
	if nodes, _ := model.Len(); nodes != 20 || len(again.Alive()) != 20 {
		t.Errorf("after one poll it shows %d nodes, want 20", nodes)
	}
}
