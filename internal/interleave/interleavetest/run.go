// Package interleavetest runs tests that are built with the tag interleave from an ordinary go test, so that whoever
// changes a protocol without knowing of them is told.
package interleavetest

import (
	"os/exec"
	"strings"
	"testing"
)

// Run runs the tests called TestInterleave... of the package under test, built with the tag, and fails t if they fail,
// with their output. More arguments go to the go command, such as an overlay. The child runs one thread at a time, so
// it is built without the race detector.
func Run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := Try(t, args...); err != nil {
		t.Errorf("under the controlled scheduler: %v\n%s", err, out)
	}
}

// Try is Run for who wants to see the tests fail: it returns their output and an error if they did, and ends t if they
// were not run at all.
func Try(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	args = append([]string{"test", "-tags=interleave", "-run=^TestInterleave", "-count=1", "-vet=off", "-v"}, args...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, ".")...)
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "=== RUN   TestInterleave") {
		t.Fatalf("go %s ran no test: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}
