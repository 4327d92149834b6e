package algos_test

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/golden"
)

// Golden scenarios: a file in testdata is a list of steps. A step is a command,
// a line "----", and what the command makes happen, up to an empty line. Lines
// before the command that begin with "#" say what the step is about. The files
// are written with -update, by someone who has understood every line that changes.
//
//	node NAME... [observer=NAME]     start nodes that run Base
//	hosts NAME HOST...               add known hosts
//	join|leave|announce NAME APP     call that method
//	ask NAME APP TTL                 look for a member of the session
//	disseminate NAME P HOST...       send a message with probability P
//	send FROM TO TYPE [app=N] [a=N b=N] [PAYLOAD]
//	                                 PAYLOAD: hosts=A,B  asker=A,ttl=N  text=T  hex=H
//	stop|kill NAME                   end a node
//	wait DURATION                    let time pass
//	show NAME                        what a node knows
//
// After each command the world does all there is to do at this time.

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { golden.Steps(t, file, newScenario(t).do) })
	}
}

// scenario is a world whose nodes write down what reaches them.
type scenario struct {
	t       *testing.T
	w       *coretest.World
	nodes   map[string]*traced
	numbers []int32 // of announcements and queries, which start anywhere, as they came up
	out     strings.Builder
}

func newScenario(t *testing.T) *scenario {
	s := &scenario{t: t, w: coretest.New(t, core.Config{}), nodes: make(map[string]*traced)}
	s.w.Log = func(line string) {
		if !strings.Contains(line, " opened ") {
			fmt.Fprintln(&s.out, line)
		}
	}
	return s
}

// traced is a node that runs Base and writes down what Base is given.
type traced struct {
	algos.Base
	s *scenario
}

func (n *traced) Process(m *core.Msg) core.Verdict {
	n.s.trace(n.ID(), m)
	return n.Base.Process(m)
}

func (s *scenario) trace(at core.NodeID, m *core.Msg) {
	switch m.Type() {
	case wire.TypeStarted, wire.TypeLinkUp:
		return // noise
	}
	fmt.Fprintf(&s.out, "%s <- ", s.w.Name(at))
	if m.Type().Local() {
		fmt.Fprint(&s.out, m.Type())
		switch m.Type() {
		case wire.TypeLinkDown, wire.TypeSendFailed:
			ev := m.Link()
			fmt.Fprintf(&s.out, " %v %s app=%d: %v, lost %d", ev.Direction, s.w.Name(ev.Peer), ev.App, ev.Reason, ev.Lost)
		}
	} else {
		fmt.Fprintf(&s.out, "%s: %v%s", s.w.Name(m.From()), m.Type(), s.details(m))
	}
	fmt.Fprintln(&s.out)
}

func (s *scenario) details(m *core.Msg) (d string) {
	if m.Sender() != m.From() {
		d += " sender=" + s.w.Name(m.Sender())
	}
	if m.App() != 0 {
		d += fmt.Sprintf(" app=%d", m.App())
	}
	switch a, b := m.Params(); m.Type() {
	case wire.TypeAnnounce, wire.TypeQuery, wire.TypeQueryAck:
		d += fmt.Sprintf(" a=%d b=#%d", a, s.number(b))
	default:
		if a != 0 || b != 0 {
			d += fmt.Sprintf(" a=%d b=%d", a, b)
		}
	}
	return d + s.payload(m)
}

// number is a small name for a number that starts anywhere.
func (s *scenario) number(b int32) int {
	i := slices.Index(s.numbers, b)
	if i < 0 {
		i = len(s.numbers)
		s.numbers = append(s.numbers, b)
	}
	return i + 1
}

func (s *scenario) payload(m *core.Msg) string {
	switch p := m.Payload(); {
	case len(p) == 0:
		return ""
	case m.Type() == wire.TypeTrace || m.Type() == wire.TypePing || m.Type() == wire.TypePong:
		return fmt.Sprintf(" %q", p)
	default:
		text, err := cbor.Diagnose(p)
		if err != nil {
			return " 0x" + hex.EncodeToString(p)
		}
		for name := range s.nodes {
			text = strings.ReplaceAll(text, strconv.Quote(s.w.ID(name).String()), name)
		}
		return " " + text
	}
}

// do runs one command and returns what happened.
func (s *scenario) do(line string) string {
	s.out.Reset()
	words := strings.Fields(line)
	command, args := words[0], words[1:]
	options := make(map[string]string)
	for i := len(args) - 1; i >= 0; i-- {
		if k, v, is := strings.Cut(args[i], "="); is {
			options[k] = v
			args = slices.Delete(args, i, i+1)
		}
	}
	s.command(command, args, options)
	s.w.RunFor(0)
	return s.out.String()
}

func (s *scenario) command(command string, args []string, options map[string]string) {
	switch command {
	case "node":
		for _, name := range args {
			s.nodes[name] = &traced{s: s}
			if o := options["observer"]; o != "" {
				s.nodes[name].Observer = s.w.ID(o)
			}
			s.w.Node(name, s.nodes[name])
		}
	case "wait":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			s.t.Fatal(err)
		}
		s.w.RunFor(d)
	default:
		n := s.nodes[args[0]]
		if n == nil {
			s.t.Fatalf("%s: there is no node %s", command, args[0])
		}
		s.w.Call(n, func() { s.nodeCommand(n, command, args[1:], options) })
	}
}

func (s *scenario) nodeCommand(n *traced, command string, args []string, options map[string]string) {
	switch command {
	case "hosts":
		for _, h := range args {
			n.AddHost(s.w.ID(h))
		}
	case "join":
		n.Join(uint32(s.int(args[0])))
	case "leave":
		n.Leave(uint32(s.int(args[0])))
	case "announce":
		fmt.Fprintf(&s.out, "told %d\n", n.Announce(uint32(s.int(args[0]))))
	case "ask":
		fmt.Fprintf(&s.out, "asked %d\n", n.Ask(uint32(s.int(args[0])), s.int(args[1])))
	case "disseminate":
		p, err := strconv.ParseFloat(args[0], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		m := n.NewMsg(wire.TypePong, 0, 0)
		fmt.Fprintf(&s.out, "sent %d\n", n.Disseminate(m, p, s.ids(args[1:])...))
	case "send":
		s.send(n, args[0], args[1], options)
	case "stop":
		n.Stop()
	case "kill":
		s.w.Switch(n).Kill()
	case "show":
		s.show(n)
	default:
		s.t.Fatalf("unknown command %q", command)
	}
}

func (s *scenario) send(n *traced, to, typ string, options map[string]string) {
	payload := []byte(options["text"])
	switch {
	case options["hosts"] != "":
		payload = algos.Encode(algos.BootReply{Hosts: s.ids(strings.Split(options["hosts"], ","))})
	case options["hex"] != "":
		var err error
		if payload, err = hex.DecodeString(options["hex"]); err != nil {
			s.t.Fatal(err)
		}
	}
	m := n.NewMsg(s.typ(typ), uint32(s.int(cmp.Or(options["app"], "0"))), len(payload))
	copy(m.Payload(), payload)
	m.SetParams(int32(s.int(cmp.Or(options["a"], "0"))), int32(s.int(cmp.Or(options["b"], "0"))))
	n.Send(m, s.w.ID(to))
}

func (s *scenario) show(n *traced) {
	st := n.Status()
	fmt.Fprintf(&s.out, "hosts %v suspects %v\n", s.names(n.Known()), s.names(n.Suspects()))
	for _, ss := range st.Sessions {
		fmt.Fprintf(&s.out, "session %d: joined %v", ss.App, ss.Joined)
		for _, x := range []struct {
			what string
			id   core.NodeID
		}{{"source", ss.Source}, {"contact", n.Contact(ss.App)}} {
			if !x.id.IsZero() {
				fmt.Fprintf(&s.out, ", %s %s", x.what, s.w.Name(x.id))
			}
		}
		fmt.Fprintln(&s.out)
	}
	refused := ""
	if st.Refused > 0 {
		refused = fmt.Sprintf("refused %d ", st.Refused)
	}
	fmt.Fprintf(&s.out, "consumed %d unhandled %d bad %d %srunning %v\n", st.Consumed, st.Unhandled, st.Bad, refused, n.Running())
}

func (s *scenario) typ(name string) core.Type {
	for t := core.Type(1); t < 128; t++ {
		if t.String() == name {
			return t
		}
	}
	return core.Type(s.int(name))
}

func (s *scenario) int(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *scenario) ids(names []string) (ids []core.NodeID) {
	for _, name := range names {
		ids = append(ids, s.w.ID(name))
	}
	return ids
}

func (s *scenario) names(ids []core.NodeID) (names []string) {
	for _, id := range ids {
		names = append(names, s.w.Name(id))
	}
	return names
}
