package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/internal/subprocess"
)

const (
	// processSlack is how much longer than its warm-up and window a point may take: to start, to build the chain,
	// to drain it.
	processSlack = time.Minute
	// killDelay is how long a process that was told to end may take to do so.
	killDelay = 2 * time.Second
	// answerTextBytes is how much of an answer that is not understood a failure quotes.
	answerTextBytes = 4 << 10
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
	answer, err := subprocess.Output(ctx, subprocess.Command{
		Name:    fmt.Sprintf("the process of %s, %d nodes, round %d", s.Kind, s.Nodes, s.Round),
		Program: append(append([]string{p.Path}, p.Args...), "--spec", string(spec)),
		Grace:   killDelay,
	})
	if err != nil {
		return Point{}, err
	}
	return decodePoint(answer)
}

// runSelf runs this program with the arguments serve and a spec as JSON, and reads its answer.
func runSelf(ctx context.Context, name string, serve []string, spec, answer any) error {
	text, err := json.Marshal(spec)
	if err != nil {
		return fmt.Errorf("encode what %s is to do: %w", name, err)
	}
	program, err := subprocess.Self(append(append([]string(nil), serve...), string(text))...)
	if err != nil {
		return err
	}
	out, err := subprocess.Output(ctx, subprocess.Command{Name: name, Program: program, Grace: killDelay})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, answer); err != nil {
		return fmt.Errorf("understand the answer %q of %s: %w", tail(string(out)), name, err)
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
	return text[max(0, len(text)-answerTextBytes):]
}
