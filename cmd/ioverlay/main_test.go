package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asProgram is the environment variable that makes this test binary the program itself; its children, which run
// os.Executable, inherit it.
const asProgram = "IOVERLAY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program returns a command that runs ioverlay in a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
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

// result is what a finished command line left.
type result struct {
	code     int
	out, err string
}

// finish runs a command to its end.
func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// inside runs a command line in this process.
func inside(args ...string) result {
	var out, errs strings.Builder
	code := run(append([]string{"ioverlay"}, args...), streams{in: strings.NewReader(""), out: &out, err: &errs})
	return result{code: code, out: out.String(), err: errs.String()}
}
