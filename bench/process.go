package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// processSlack is how much longer than its warm-up and window a point may take: to start, to build the chain,
	// to drain it.
	processSlack = time.Minute
	// killDelay is how long a process that was told to end may take to do so.
	killDelay = 2 * time.Second
	// errorTextBytes is how much of what a process wrote to its standard error a failure quotes.
	errorTextBytes = 4 << 10
)

// Process runs each point in a process of its own: Path with Args, then "--spec" and the Spec as JSON. The process
// answers with one Point as JSON on its standard output; see ServePoint. It may start others: all are in one process
// group, which is gone when Run returns.
type Process struct {
	Path string
	Args []string
}

// Run measures one point. When the context ends the process is told to end and then made to.
func (p Process) Run(ctx context.Context, s Spec) (Point, error) {
	spec, err := json.Marshal(s)
	if err != nil {
		return Point{}, fmt.Errorf("encode a point: %w", err)
	}
	limit := s.Warmup + s.Duration + processSlack
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the point took longer than %v", limit))
	defer cancel()
	args := append(append([]string(nil), p.Args...), "--spec", string(spec))
	stdout, err := runGroup(ctx, p.Path, args)
	if err != nil {
		return Point{}, fmt.Errorf("%s, %d nodes, round %d: %w", s.Kind, s.Nodes, s.Round, err)
	}
	return decodePoint(stdout)
}

// runGroup runs a program in a process group of its own and returns its standard output. The terminal's Ctrl-C does
// not reach it, so that only this process decides when it ends. Its standard input stays open: its end tells the
// program that this process is gone.
func runGroup(ctx context.Context, path string, args []string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return askGroupToEnd(cmd.Process.Pid) }
	cmd.WaitDelay = killDelay
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("open a pipe to a process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	err := cmd.Wait()
	if err == nil {
		return stdout.Bytes(), nil
	}
	if killErr := killGroup(cmd.Process.Pid); killErr != nil {
		err = errors.Join(err, killErr)
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, fmt.Errorf("%w (%w)", cause, err)
	}
	return nil, fmt.Errorf("%w: %s", err, tail(stderr.String()))
}

func askGroupToEnd(group int) error {
	err := syscall.Kill(-group, syscall.SIGTERM)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// killGroup ends what is left of a group whose leader has failed; mostly that is nothing.
func killGroup(group int) error {
	err := syscall.Kill(-group, syscall.SIGKILL)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end a process group: %w", err)
	}
	return nil
}

func decodePoint(answer []byte) (Point, error) {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.DisallowUnknownFields()
	var p Point
	if err := decoder.Decode(&p); err != nil {
		return Point{}, fmt.Errorf("understand the answer %q of a process: %w", tail(string(answer)), err)
	}
	return p, nil
}

func tail(text string) string {
	text = strings.TrimSpace(text)
	return text[max(0, len(text)-errorTextBytes):]
}
