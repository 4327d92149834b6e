// Package clitest is for tests of commands: command lines inside of the test's process, and as programs of their own.
package clitest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

// Run executes one command line, the program's name first, and returns the exit code.
type Run func(args []string, s console.Streams) int

// asProgram is the environment variable that makes a test binary the program itself; its children, which run
// os.Executable, inherit it.
const asProgram = console.AsProgram

// Main is the TestMain of a package whose tests use [Program]. It returns the exit code.
func (r Run) Main(m *testing.M) int {
	if os.Getenv(asProgram) != "" {
		return r(os.Args, console.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	}
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		// A command line that ran inside of a test has begun a child. It would run all tests, and begin one itself, without end.
		fmt.Fprintf(os.Stderr, "clitest: %q was begun by a test that is not the program: use clitest.Program for command lines that have children\n", os.Args)
		return console.ExitUsage
	}
	return m.Run()
}

// Inside runs a command line in this process.
func (r Run) Inside(args ...string) Result {
	var out, errs strings.Builder
	code := r(append([]string{"ioverlay"}, args...), console.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	return Result{Code: code, Out: out.String(), Err: errs.String()}
}

// Program returns a command that runs the program in a process of its own.
func Program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	// The race detector makes every process linger for a second at its end unless told not to.
	cmd.Env = append(os.Environ(), asProgram+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// Result is what a finished command line left.
type Result struct {
	Code     int
	Out, Err string
}

// Finish runs a command to its end.
func Finish(t *testing.T, cmd *exec.Cmd) Result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return Result{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errs.String()}
}

// Small is a scenario that takes next to no time.
const Small = `name: small
duration: 300ms
nodes: [A..C]
links: [A -> B -> C]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B, messages: 10}]
timeline: [{at: 200ms, kill: C}]
expect: [received(B) = 10]
`

// Scenario writes a scenario and returns its path.
func Scenario(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// App is a program under way with the algorithms that come with iOverlay.
func App(args []string, s console.Streams) *console.App {
	return &console.App{Streams: s, Name: "ioverlay", Command: "ioverlay", Args: args, Registry: scenario.Shipped()}
}
