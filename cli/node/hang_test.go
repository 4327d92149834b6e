package node

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

// A node whose algorithm does not return ends, and says which call and where, from its making to its stop.
func TestHangs(t *testing.T) {
	for at, says := range map[string]string{
		"new":      "node n7, which was asked to be made (New), has not returned for 300ms",
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
		for _, part := range []string{scenario.ErrHung.Error(), says, "(*hanging).hang", "hanging.go"} {
			if !strings.Contains(r.Err, part) {
				t.Errorf("%s: %q is not in\n%s", at, part, r.Err)
			}
		}
	}
}
