package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// child returns a Process that runs this test binary in one of the modes of TestMain.
func child(t *testing.T, mode string) Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(childMode, mode)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector makes processes linger for a second otherwise
	return Process{Path: program}
}

func TestProcessMeasuresInAChild(t *testing.T) {
	for _, kind := range []string{"raw", "goroutine"} {
		for _, pass := range []string{PassThroughput, PassLatency} {
			t.Run(kind+"/"+pass, func(t *testing.T) {
				p, s := measureSome(t, tinySpec(kind, pass, 4), func(s Spec) (Point, error) {
					return child(t, "serve").Run(t.Context(), s)
				})
				checkPoint(t, p, s)
			})
		}
	}
}

func TestProcessReportsFailures(t *testing.T) {
	tests := []struct {
		mode string
		says string
	}{
		{"crash", "the child's last words"},
		{"babble", "unheard_of"},
		{"serve", "unknown kind"},
	}
	for _, test := range tests {
		t.Run(test.mode, func(t *testing.T) {
			_, err := child(t, test.mode).Run(t.Context(), tinySpec("none", PassThroughput, 2))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
	if _, err := (Process{Path: "/nonexistent"}).Run(t.Context(), tinySpec("raw", PassThroughput, 2)); err == nil {
		t.Error("a program that does not exist was run")
	}
}

// The child is known to run when it has removed a file; then the context ends.
func TestProcessEndsWithTheContext(t *testing.T) {
	running := filepath.Join(t.TempDir(), "not-running-yet")
	if err := os.WriteFile(running, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(hangFile, running)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			if _, err := os.Stat(running); err != nil {
				cancel(enough)
				return
			}
			runtime.Gosched()
		}
	}()
	if _, err := child(t, "hang").Run(ctx, tinySpec("raw", PassThroughput, 2)); !errors.Is(err, enough) {
		t.Errorf("got %v, want the cause of the context", err)
	}
	<-watched
}
