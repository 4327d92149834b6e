package observer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/observer/report"
)

// ordered is a node that keeps messages of a type of its own.
type ordered struct {
	algos.Base
	mu  sync.Mutex
	got []string
}

func (o *ordered) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.FirstUserType {
		a, b := m.Params()
		o.mu.Lock()
		o.got = append(o.got, fmt.Sprintf("%d %d %s", a, b, m.Payload()))
		o.mu.Unlock()
		return core.Done
	}
	return o.Base.Process(m)
}

// place is an observer with its page and some nodes over TCP, in this process.
type place struct {
	t     *testing.T
	live  *live.Live
	svc   *api.Service
	eng   *engine.Engine
	algs  map[string]*ordered
	nodes map[string]*engine.Node
}

func newPlace(t *testing.T, o live.Options, l api.Listening, names ...string) *place {
	t.Helper()
	p := &place{t: t, algs: make(map[string]*ordered), nodes: make(map[string]*engine.Node)}
	var err error
	if p.live, err = live.Start(o); err != nil {
		t.Fatal(err)
	}
	l.Address = "127.0.0.1:0"
	if p.svc, err = api.Listen(p.live, l); err != nil {
		t.Fatal(err)
	}
	if p.eng, err = engine.New(engine.Options{Loops: 1}); err != nil {
		t.Fatal(err)
	}
	p.eng.AllUp()
	t.Cleanup(func() {
		p.eng.Close()
		if err := p.svc.Close(); err != nil {
			t.Error(err)
		}
		if err := p.live.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range names {
		alg := &ordered{}
		if err := report.To(alg, report.Options{Observers: []core.NodeID{p.live.ID()}, Name: name}); err != nil {
			t.Fatal(err)
		}
		n, err := p.eng.AddNode(alg, engine.NodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.algs[name], p.nodes[name] = alg, n
	}
	eventually(t, "all nodes are shown", func() bool {
		c, err := p.live.Counts()
		return err == nil && c.Up == len(names)
	})
	return p
}

// eventually waits for something that must come, on however slow a machine.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("after two minutes it is not so that %s", what)
		}
	}
}

// on runs a function on the loop of a node; false if that has ended.
func (p *place) on(name string, fn func(*core.Node) bool) (is bool) {
	if p.nodes[name].Do(func(n *core.Node) { is = fn(n) }) != nil {
		return false
	}
	return is
}

// rest gives an order over HTTP.
func (p *place) rest(body string) (code int, results []observer.Result, command string) {
	p.t.Helper()
	resp, err := http.Post(p.svc.URL+"/api/v1/control", "application/json", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Results []observer.Result
		Command string
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, answer.Results, answer.Command
}

// Every order, given over REST to one node, with ctl to another, and with the command that REST answers to a third.
func TestEveryOrderWorksFromRESTAndFromTheCommandLine(t *testing.T) {
	p := newPlace(t, live.Options{}, api.Listening{}, "rest", "ctl", "copy", "other")
	other := p.nodes["other"].ID()
	hasSource := func(n *core.Node) bool {
		return slices.ContainsFunc(n.Stats().Upstream, func(l core.LaneIn) bool { return l.From.IsZero() && l.App == 7 })
	}
	reports := func() uint64 {
		c, _ := p.live.Counts()
		return c.Reports
	}
	before := reports()
	for _, c := range []struct {
		action string
		flags  []string
		body   string
		is     func(name string, n *core.Node) bool // what comes of it
	}{
		{"set-bandwidth", []string{"--total", "3KBps", "--up", "1KBps", "--down", "2000"}, `"total":3000,"up":1000,"down":2000`,
			func(_ string, n *core.Node) bool {
				return n.Bandwidth() == emul.Bandwidth{Total: 3000, Up: 1000, Down: 2000}
			}},
		{"set-link", []string{"--to", "other", "--rate", "500Bps", "--latency", "20ms", "--jitter", "normal", "--spread", "0.001", "--loss", "0.5"},
			`"to":"other","rate":500,"latency":0.02,"jitter":"normal","spread":0.001,"loss":0.5`,
			func(_ string, n *core.Node) bool {
				e := n.Link(other)
				return e.Rate == 500 && e.Latency == 20*time.Millisecond && e.Jitter.Spread == time.Millisecond && e.Loss == 0.5
			}},
		{"join", []string{"--app", "5"}, `"app":5`, func(name string, _ *core.Node) bool { return p.algs[name].Joined(5) }},
		{"leave", []string{"--app", "5"}, `"app":5`, func(name string, _ *core.Node) bool { return !p.algs[name].Joined(5) }},
		{"deploy", []string{"--app", "7", "--payload", "rate=1 payload=10"}, `"app":7,"payload":"rate=1 payload=10"`,
			func(_ string, n *core.Node) bool { return hasSource(n) }},
		{"weight", []string{"--app", "7", "--weight", "9"}, `"app":7,"weight":9`, func(_ string, n *core.Node) bool {
			return slices.ContainsFunc(n.Stats().Upstream, func(l core.LaneIn) bool { return l.App == 7 && l.Weight == 9 })
		}},
		{"terminate-source", []string{"--app", "7"}, `"app":7`, func(_ string, n *core.Node) bool { return !hasSource(n) }},
		{"message", []string{"--type", "1024", "--a", "3", "--b", "-4", "--payload", "it's"}, `"type":1024,"a":3,"b":-4,"payload":"it's"`,
			func(name string, _ *core.Node) bool {
				o := p.algs[name]
				o.mu.Lock()
				defer o.mu.Unlock()
				return slices.Contains(o.got, "3 -4 it's")
			}},
		{"message", []string{"--type", "1024", "--payload-base64", "aGk="}, `"type":1024,"payloadBase64":"aGk="`,
			func(name string, _ *core.Node) bool {
				o := p.algs[name]
				o.mu.Lock()
				defer o.mu.Unlock()
				return slices.Contains(o.got, "0 0 hi")
			}},
		{"request", nil, ``, func(string, *core.Node) bool { return reports() > before }},
		{"terminate-node", nil, ``, nil},
	} {
		comma := ""
		if c.body != "" {
			comma = ","
		}
		code, results, command := p.rest(`{"targets":["rest"],"action":"` + c.action + `"` + comma + c.body + `}`)
		if code != 200 || len(results) != 1 || !results[0].Sent {
			t.Fatalf("%s over REST: %d %+v", c.action, code, results)
		}
		if r := inside(append([]string{"ctl", c.action, "--observer", p.svc.URL, "--target", "ctl"}, c.flags...)...); r.Code != 0 || !strings.Contains(r.Out, "yes") {
			t.Fatalf("%s with ctl: %+v", c.action, r)
		}
		words := shellWords(t, strings.Replace(command, "--target rest", "--target copy", 1))
		if r := inside(words[1:]...); r.Code != 0 {
			t.Fatalf("%s: %+v", command, r)
		}
		for _, name := range []string{"rest", "ctl", "copy"} {
			eventually(t, name+" has obeyed "+c.action, func() bool {
				if c.is == nil {
					select {
					case <-p.nodes[name].Done():
						return true
					default:
						return false
					}
				}
				return p.on(name, func(n *core.Node) bool { return c.is(name, n) })
			})
		}
	}
	eventually(t, "the nodes that were ended are shown as down", func() bool {
		r := inside("ctl", "nodes", "--observer", p.svc.URL)
		return strings.Count(r.Out, "down") == 3
	})
}

// shellWords divides a command as a shell would, for the quotes that "copy as command" writes.
func shellWords(t *testing.T, line string) (words []string) {
	t.Helper()
	word, in, quoted := "", false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			in, quoted = !in, true
		case c == '\\' && !in:
			i++
			word += string(line[i])
		case c == ' ' && !in:
			if word != "" || quoted {
				words = append(words, word)
			}
			word, quoted = "", false
		default:
			word += string(c)
		}
	}
	if in {
		t.Fatalf("a quote stays open in %s", line)
	}
	return append(words, word)
}

func TestCtlSaysWhatWentWrong(t *testing.T) {
	p := newPlace(t, live.Options{}, api.Listening{Options: api.Options{Token: "0123456789abcdef"}}, "n")
	at := []string{"--observer", p.svc.URL}
	t.Setenv(tokenVariable, "wrong")
	if r := inside(append([]string{"ctl", "nodes"}, at...)...); r.Code != console3 || !strings.Contains(r.Err, "token") {
		t.Errorf("with a wrong token: %+v", r)
	}
	t.Setenv(tokenVariable, "0123456789abcdef")
	if r := inside(append([]string{"ctl", "nodes", "--format", "json"}, at...)...); r.Code != 0 || !json.Valid([]byte(r.Out)) {
		t.Errorf("nodes as JSON: %+v", r)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"join", "--target", "n"}, 2, "app"},
		{[]string{"join", "--app", "1"}, 2, "targets"},
		{[]string{"join", "--app", "1", "--target", "all", "--target", "n"}, 2, "all"},
		{[]string{"set-bandwidth", "--target", "n", "--up", "fast"}, 2, "400KBps"},
		{[]string{"set-link", "--target", "n", "--to", "n", "--latency", "long"}, 2, "20ms"},
		{[]string{"set-bandwidth", "--target", "n", "--app", "1"}, 2, "unknown flag"},
		{[]string{"join", "--app", "1", "--target", "nobody"}, 1, "nobody"},
		{[]string{"join", "--app", "1", "--target", "n", "--target", "nobody"}, 1, "1 of 2"},
		{[]string{"set-link", "--target", "n", "--to", "nobody", "--rate", "1"}, 1, "n"},
		{[]string{"join", "--app", "1", "--target", "n", "--format", "xml"}, 2, "table"},
	} {
		if r := inside(append(append([]string{"ctl"}, c.args...), at...)...); r.Code != c.code || !strings.Contains(r.Err, c.says) {
			t.Errorf("ctl %v: %+v, want the code %d and %q", c.args, r, c.code, c.says)
		}
	}
	p.nodes["n"].Kill()
	eventually(t, "the node that was killed is shown as down", func() bool {
		return strings.Contains(inside(append([]string{"ctl", "nodes"}, at...)...).Out, "down")
	})
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"terminate-node", "--target", "n"}, "the order was not sent to n: it is down"},
		{[]string{"terminate-node", "--target", "n", "--target", "nobody"}, `the order was not sent to 2 of 2 nodes: n: it is down; nobody: there is no node called "nobody"`},
		{[]string{"terminate-node", "--target", "all"}, "the order was not sent: the observer knows no node that is up"},
	} {
		r := inside(append(append([]string{"ctl"}, c.args...), at...)...)
		if r.Code != 1 || !strings.Contains(r.Err, c.says) || strings.Contains(r.Err, "measured") {
			t.Errorf("ctl %v to nodes that are gone: %+v, want the code 1 and %q", c.args, r, c.says)
		}
	}
	if r := inside("ctl", "request", "--target", "all", "--observer", "http://127.0.0.1:1"); r.Code != console3 || !strings.Contains(r.Err, "running") {
		t.Errorf("without an observer: %+v", r)
	}
	if r := inside("ctl", "request", "--target", "all", "--observer", "nowhere"); r.Code != 2 {
		t.Errorf("an address that is none: %+v", r)
	}
}

const console3 = 3 // console.ExitFailed

func TestObserverFlagsThatAreWrong(t *testing.T) {
	for _, args := range [][]string{
		{"--poll", "1ms"}, {"--poll", "2h"}, {"--hosts", "0"}, {"--max-nodes", "0"}, {"--history", "0"}, {"--listen", "here"}, {"--http", "8080"},
		{"--tls-cert", "x"}, {"--log", "x", "--log-size", "0"}, {"--log", "x", "--log-files", "0"},
	} {
		if r := inside(append([]string{"observer"}, args...)...); r.Code != 2 {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
