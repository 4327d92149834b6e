package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

// limited is a command in a process whose address space is limited, in MiB.
func limited(t *testing.T, mib int, args ...string) *exec.Cmd {
	t.Helper()
	cmd := clitest.Program(t, args...)
	sh := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -v %d && exec "$0" "$@"`, mib<<10), cmd.Path}, args...)...)
	sh.Env = cmd.Env
	return sh
}

// A limit on the address space under which a command cannot work is found out at its start,
// and told in our words: not in the middle of the work by the Go runtime.
func TestLimitedAddressSpace(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the race detector needs terabytes of address space")
	}
	for _, args := range [][]string{
		{"node", "--memory", "100GiB"},
		{"bench", "chain", "--nodes", "2", "--out", t.TempDir()},
		{"soak", "--minutes", "0.01", "--round", "100ms"},
		{"run", "../../examples/chain.yaml", "--world", "live"},
	} {
		r := clitest.Finish(t, limited(t, 3000, args...))
		if r.Code != console.ExitFailed || !strings.Contains(r.Err, "limited to 3000 MiB (ulimit -v)") || !strings.Contains(r.Err, "raise it (ulimit -v ") {
			t.Errorf("%v: exit code %d\n%s", args, r.Code, r.Err)
		}
	}
}
