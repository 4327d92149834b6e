package node

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
)

// hanging is an algorithm that does not return from one of its calls.
type hanging struct {
	algos.Base
	at string
}

func (h *hanging) hang(at string) {
	for h.at == at { // as long as the program lives
		h.at = at
	}
}

func (h *hanging) Bind(n *core.Node) {
	h.hang("bind")
	h.Base.Bind(n)
}

func (h *hanging) Process(m *core.Msg) core.Verdict {
	h.hang(m.Type().String())
	return h.Base.Process(m)
}

func registerHanging(r *scenario.Registry) {
	for _, at := range []string{"bind", "started", "stopping"} {
		r.Add(scenario.Algorithm{Name: "hanging-" + at, New: func(scenario.Env) (core.Algorithm, error) { return &hanging{at: at}, nil }})
	}
}

// A node whose algorithm does not return ends, and says which call and where, from its making to its stop.
func TestHangs(t *testing.T) {
	for at, says := range map[string]string{
		"bind":     "node n7, which was given no message (Bind, ",
		"started":  "node n7, which was given a message of type started, has not returned for 300ms",
		"stopping": "node n7, which was given a message of type stopping, has not returned for 300ms",
	} {
		cmd := clitest.Program(t, "node", "--name", "n7", "--control", "--algorithm", "hanging-"+at, "--hang-after", "300ms")
		cmd.Stdin = strings.NewReader("stop\n")
		r := clitest.Finish(t, cmd)
		if r.Code != console.ExitFailed {
			t.Errorf("%s: exit code %d, want %d", at, r.Code, console.ExitFailed)
		}
		for _, part := range []string{scenario.ErrHung.Error(), says, "(*hanging).hang", "hang_test.go"} {
			if !strings.Contains(r.Err, part) {
				t.Errorf("%s: %q is not in\n%s", at, part, r.Err)
			}
		}
	}
}
