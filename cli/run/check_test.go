package run

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
)

// impure is an algorithm with one fault, at nodes that have a downstream: what it tells that one in a message once a second.
type impure struct {
	algos.Base
	to      []core.NodeID
	do      func(x *impure) uint64
	peers   map[uint64]bool
	kept    *core.Msg
	payload []byte
	count   uint64
}

const tell = wire.FirstUserType

func (x *impure) Process(m *core.Msg) core.Verdict {
	switch {
	case m.Type() == wire.TypeWorldUp && len(x.to) > 0:
		x.After(time.Second, 1)
	case m.Type() == wire.TypeTimer && m.TimerID() == 1:
		x.count++
		r := x.NewMsg(tell, 0, 8)
		binary.BigEndian.PutUint64(r.Payload(), x.do(x))
		x.Send(r, x.to[0])
		x.payload, x.kept = r.Payload(), r
		x.After(time.Second, 1)
	default:
		return x.Base.Process(m)
	}
	return core.Done
}

var impurities = map[string]func(x *impure) uint64{
	"pure":   func(x *impure) uint64 { return x.count + x.Rand().Uint64() },
	"clock":  func(*impure) uint64 { return uint64(time.Now().UnixNano()) },
	"random": func(*impure) uint64 { return rand.Uint64() },
	"map": func(x *impure) uint64 {
		for p := range x.peers {
			return p
		}
		return 0
	},
	"goroutine": func(*impure) uint64 {
		c := make(chan uint64, 1000)
		for i := range uint64(1000) {
			go func() { c <- i }()
		}
		var sum uint64
		for range 1000 {
			sum = sum*31 + <-c
		}
		return sum
	},
	"address": func(x *impure) uint64 { return uint64(len(fmt.Sprintf("%p", x))) + hash(fmt.Sprintf("%p", x)) },
	"write": func(x *impure) uint64 {
		r := x.NewMsg(tell, 0, 8)
		clear(r.Payload())
		x.Send(r, x.to[0])
		r.Payload()[3] = 1
		return 0
	},
	"kept": func(x *impure) uint64 {
		if x.kept != nil {
			return x.kept.Seq()
		}
		return 0
	},
	"payload": func(x *impure) uint64 {
		if x.payload != nil {
			return uint64(x.payload[0])
		}
		return 0
	},
	"set": func(x *impure) uint64 {
		r := x.NewMsg(tell, 0, 0)
		x.Send(r, x.to[0])
		r.SetSeq(7)
		return 0
	},
	"late": func(x *impure) uint64 {
		if x.kept != nil {
			x.Send(x.kept, x.to[0])
		}
		return 0
	},
	"twice": func(x *impure) uint64 {
		r := x.NewMsg(tell, 0, 0)
		x.Retain(r)
		x.Release(r)
		x.Release(r)
		return 0
	},
	"panic": func(*impure) uint64 { panic("as always") },
	"whim":  func(*impure) uint64 { panic(fmt.Sprint(rand.Uint64())) },
	"sleep": func(x *impure) uint64 { time.Sleep(time.Hour); return 0 },
	"loop": func(x *impure) uint64 {
		for x.count > 0 { // as long as the program lives
			x.count |= 1
		}
		return 0
	},
}

func hash(s string) (h uint64) {
	for i := range len(s) {
		h = h*31 + uint64(s[i])
	}
	return h
}

// withImpure is the environment variable that gives the program these algorithms, and its children.
const withImpure = "IOVERLAY_TEST_IMPURE"

// impureProgram runs the program with them.
func impureProgram(t *testing.T, args ...string) clitest.Result {
	cmd := clitest.Program(t, args...)
	cmd.Env = append(cmd.Env, withImpure+"=1")
	return clitest.Finish(t, cmd)
}

// register adds them under their names.
func register(r *scenario.Registry) {
	for name, do := range impurities {
		r.Add(scenario.Algorithm{Name: "impure-" + name, New: func(e scenario.Env) (core.Algorithm, error) {
			x := &impure{to: e.Downstreams, do: do, peers: make(map[uint64]bool)}
			for i := range uint64(64) {
				x.peers[i] = true
			}
			return x, nil
		}})
	}
	clitest.AddHanging(r, "A", slices.Collect(maps.Keys(hangs))...)
}

func impureScenario(t *testing.T, name string) string {
	return clitest.Scenario(t, fmt.Sprintf(`name: impure
duration: 4s
nodes: [A..C]
algorithm: impure-%s
links: [A -> B]
applications: [{name: a, at: C, source: constant-rate, rate: 10 messages/s, payload: 10B, messages: 2}]
`, name))
}

func TestCheck(t *testing.T) {
	impure, misuse := console.ErrImpure.Error(), console.ErrMisuse.Error()
	for name, c := range map[string]struct {
		code int
		err  string // the last words
		says []string
	}{
		"pure":      {console.ExitOK, "", []string{"3 runs are the same: ", "sha256"}},
		"clock":     {console.ExitViolation, impure, []string{"the doing of node A", "timer 1", "  - ", "  + ", "user-1024  from A"}},
		"random":    {console.ExitViolation, impure, []string{"the doing of node A"}},
		"map":       {console.ExitViolation, impure, []string{"the doing of node A"}},
		"goroutine": {console.ExitViolation, impure, []string{"the doing of node A"}},
		"address":   {console.ExitViolation, impure, []string{"the doing of node A"}},
		"write":     {console.ExitViolation, misuse, []string{"run 2", "strict", "at node A", "was written to after it had been sent"}},
		"kept":      {console.ExitViolation, misuse, []string{"at node A", "used after the Process call"}},
		"set":       {console.ExitViolation, misuse, []string{"run 1", "at node A", "SetSeq on a message that this node did not make or has already sent"}},
		"late":      {console.ExitViolation, misuse, []string{"run 1", "at node A", "Send of a message after the Process call"}},
		"twice":     {console.ExitViolation, misuse, []string{"run 1", "at node A", "Release of a message that this node does not hold"}},
		"payload":   {console.ExitViolation, impure, []string{"strict", "the doing of node A"}},
		"whim":      {console.ExitViolation, impure, []string{"panicked at node A", "is another than run 1"}},
		"panic":     {console.ExitFailed, "that is no impurity, but the scenario cannot be run to its end", []string{"panicked at node A", "as always"}},
		"loop":      {console.ExitFailed, "since a node does not return: whether algorithms are pure is not known", []string{"run 1", "node A, which was given a message of type timer, has not returned for 1.5s"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := impureProgram(t, "check", impureScenario(t, name), "--runs", "3", "--hang-after", "1500ms")
			if r.Code != c.code || !strings.Contains(r.Err, c.err) || strings.Contains(r.Err, console.ErrDiffer.Error()) {
				t.Errorf("exit code %d, want %d with %q: %s", r.Code, c.code, c.err, r.Err)
			}
			for _, part := range c.says {
				if !strings.Contains(r.Out, part) {
					t.Errorf("%q is not in\n%s%s", part, r.Out, r.Err)
				}
			}
		})
	}
}

// With --algorithm and --param all nodes run that one, in place of the file's.
func TestCheckOfAlgorithm(t *testing.T) {
	file := impureScenario(t, "pure")
	if r := impureProgram(t, "check", file, "--runs", "2", "--algorithm", "impure-clock"); r.Code != console.ExitViolation || !strings.Contains(r.Out, "the doing of node A") {
		t.Errorf("of another algorithm: exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
	file = clitest.Scenario(t, `name: flood
duration: 2s
nodes: [A..C]
algorithm: relay
links: [A -> B, B -> C]
applications: [{name: a, at: A, source: constant-rate, rate: 10 messages/s, payload: 10B, messages: 2}]
`)
	of := func(args ...string) string {
		r := impureProgram(t, append([]string{"check", file, "--runs", "2"}, args...)...)
		if r.Code != console.ExitOK {
			t.Errorf("%v: exit code %d\n%s%s", args, r.Code, r.Out, r.Err)
		}
		return r.Out
	}
	if all := of("--algorithm", "gossip"); all == of("--algorithm", "gossip", "--param", "probability=0") {
		t.Errorf("a parameter changes nothing: %s", all)
	}
	for _, args := range [][]string{{"--algorithm", "gosip"}, {"--param", "probability=0"}, {"--algorithm", "gossip", "--param", "probability=2"}} {
		if r := impureProgram(t, append([]string{"check", file}, args...)...); r.Code != console.ExitUsage {
			t.Errorf("%v: exit code %d, %s", args, r.Code, r.Err)
		}
	}
}

// A hunt is as strict as asked, says so in the command that runs the failure again, and refuses flags that it has no use for.
func TestHuntsAreStrict(t *testing.T) {
	file := impureScenario(t, "write")
	r := impureProgram(t, "sim", file, "--seeds", "1..2", "--until-fail", "--strict")
	if r.Code != console.ExitViolation || !strings.Contains(r.Out, "was written to after it had been sent") || !strings.Contains(r.Out, " --strict") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
	for _, flag := range []string{"--trace=x", "--duration=1s", "--no-faults"} {
		if r := impureProgram(t, "sim", file, "--seeds", "1..2", "--until-fail", flag); r.Code != console.ExitUsage {
			t.Errorf("%s: exit code %d", flag, r.Code)
		}
	}
}
