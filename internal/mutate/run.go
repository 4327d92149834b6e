package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fate is what became of a mutant.
type fate string

const (
	killed   fate = "killed"
	survived fate = "survived"
	hung     fate = "hung"   // the tests did not end: noticed too
	invalid  fate = "broken" // does not compile, so it tells nothing
)

// runner tests mutants one after another. Source files are not touched: the go command gets the changed one as an overlay.
type runner struct {
	dir     string // for overlays
	timeout time.Duration
	first   string   // arguments to go test of a faster run before; empty: there is none
	args    []string // to go test
}

// try runs the tests of the mutant's package, those that come first in a run of their own, with a third of the time.
func (r *runner) try(ctx context.Context, m *mutant) (fate, error) {
	overlay, err := r.overlay(m)
	if err != nil {
		return "", err
	}
	if r.first != "" {
		if f, err := r.test(ctx, m, overlay, r.timeout/3, strings.Fields(r.first)...); f != survived {
			return f, err
		}
	}
	return r.test(ctx, m, overlay, r.timeout)
}

// buildTime is what the go command may take besides the tests: a busy machine must not
// make a mutant count as noticed because it compiles slowly.
const buildTime = 5 * time.Minute

func (r *runner) test(ctx context.Context, m *mutant, overlay string, timeout time.Duration, more ...string) (fate, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout+buildTime)
	defer cancel()
	args := slices.Concat([]string{"test", "-vet=off", "-failfast", "-count=1", fmt.Sprint("-timeout=", timeout)}, r.args, more)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+filepath.Dir(m.file))...)
	// In the environment, so that go commands that tests start see it too.
	// Property tests would leave an input for every mutant that they kill.
	cmd.Env = append(os.Environ(), "RAPID_NOFAILFILE=true", strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	separate(cmd)
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil, bytes.Contains(out.Bytes(), []byte("panic: test timed out")):
		return hung, nil
	case err == nil:
		return survived, nil
	case !errors.As(err, &exit):
		return "", fmt.Errorf("go test: %w", err)
	case bytes.Contains(out.Bytes(), []byte("[build failed]")), bytes.Contains(out.Bytes(), []byte("[setup failed]")):
		return invalid, nil
	}
	return killed, nil
}

// overlay writes the changed file and the list that names it.
func (r *runner) overlay(m *mutant) (string, error) {
	src, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(r.dir, "changed.go")
	list := filepath.Join(r.dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {abs: changed}})
	if err != nil {
		return "", err
	}
	return list, errors.Join(os.WriteFile(changed, m.apply(src), 0o600), os.WriteFile(list, replace, 0o600))
}
