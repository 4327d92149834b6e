// Package subprocess runs child processes, mostly this program again: a node of the proc world, a point of a
// benchmark. The parent talks to a child in lines, mostly of JSON: requests on the child's standard input, answers on
// its standard output.
//
//	command.go   what to run, and Output for a child that answers once
//	process.go   a running child: send, receive, signal, kill, close
//	ended.go     how a child ended, as an error that quotes what it said last
//	stderr.go    what a child says on standard error: always read, its last lines kept
//	forward.go   passes lines on to a writer that may be slow
//	parallel.go  starts many, so many at a time
//	pool.go      children that all do the same work, and are replaced when they end
//
// A child never outlives its parent: on Linux the kernel kills it when the parent is gone, and everywhere its standard
// input ends then, on which a child must end. A child never waits for its parent to read its standard error.
package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// DefaultGrace is how long a child that was asked to end may take to do so, unless its Command says otherwise.
const DefaultGrace = 10 * time.Second

// maxLineBytes bounds a line that a child answers with.
const maxLineBytes = 16 << 20

// Group is the process group that a child belongs to.
type Group int

const (
	// OwnGroup keeps the terminal's Ctrl-C away from the child, so that only its parent decides when it ends.
	// Signals go to the whole group, which is killed with its leader.
	OwnGroup Group = iota
	// ParentsGroup is for children of a child: whoever ends that one's group ends them too.
	ParentsGroup
)

// Command is what to run.
type Command struct {
	Name    string        // what errors call the child, such as "node A"
	Program []string      // path and arguments; see Self
	Group   Group         // OwnGroup if not set
	Grace   time.Duration // between being asked to end and being killed; 0 means DefaultGrace

	// Log, if set, is given every line that the child writes to standard error, without its end, on a goroutine of
	// the child's. It must not block. Lines that it takes (true) are not kept to be quoted in errors.
	Log func(line []byte) (taken bool)
}

// Self is the command line that runs this program again.
func Self(args ...string) ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return append([]string{path}, args...), nil
}

func (c Command) grace() time.Duration {
	if c.Grace > 0 {
		return c.Grace
	}
	return DefaultGrace
}

// Output runs a child to its end and returns its standard output. Its standard input stays open until then. When ctx
// ends, the child is asked to end (SIGTERM) and killed after the grace; the error is then the cause of ctx and wraps an
// EndedError, as it does if the child fails.
func Output(ctx context.Context, c Command) ([]byte, error) {
	p, err := Start(ctx, c)
	if err != nil {
		return nil, err
	}
	out, readErr := io.ReadAll(p.out)
	if errors.Is(readErr, os.ErrDeadlineExceeded) {
		readErr = nil // it has ended, and somebody that it started holds its output open
	}
	<-p.done
	return out, errors.Join(p.failure(), readErr, p.release())
}
