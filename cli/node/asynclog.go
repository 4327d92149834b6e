package node

import (
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

// asyncLog is a log that never makes a node wait: what is logged is put into a bounded
// queue and written by a goroutine of its own. If nobody reads what it writes to (a pipe
// that is full), the queue fills up and further lines are dropped and counted. When it
// moves again, a line says how many.
type asyncLog struct {
	lines   chan []byte
	plain   *slog.Logger // writes to where the lines go, and waits
	to      io.Writer
	dropped atomic.Uint64 // in all
	told    uint64        // of them, what a line has told; the goroutine's
	stop    chan struct{}
	done    chan struct{}
}

const (
	// asyncLogLines bounds the queue: at some 200 bytes a line, 200 KB.
	asyncLogLines = 1024
	// asyncLogPatience is how long the end of a process waits for the lines that are
	// left: long for a disk, short for a person.
	asyncLogPatience = time.Second
)

// newAsyncLog starts a log. handler makes the handler that formats lines, each of which
// it must write with one call.
func newAsyncLog(to io.Writer, handler func(io.Writer) slog.Handler) (*slog.Logger, *asyncLog) {
	a := &asyncLog{
		lines: make(chan []byte, asyncLogLines), to: to, plain: slog.New(handler(to)),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go a.run()
	return slog.New(handler(a)), a
}

// Write implements io.Writer for handlers: it keeps a copy of the line, or drops it.
func (a *asyncLog) Write(line []byte) (int, error) {
	select {
	case a.lines <- append([]byte(nil), line...):
	default:
		a.dropped.Add(1)
	}
	return len(line), nil
}

// Dropped is how many lines were dropped so far.
func (a *asyncLog) Dropped() uint64 { return a.dropped.Load() }

func (a *asyncLog) run() {
	defer close(a.done)
	for {
		select {
		case line := <-a.lines:
			a.write(line)
		case <-a.stop:
			for {
				select {
				case line := <-a.lines:
					a.write(line)
				default:
					a.tell()
					return
				}
			}
		}
	}
}

// write writes a line, and before it how many are missing.
func (a *asyncLog) write(line []byte) {
	a.tell()
	if _, err := a.to.Write(line); err != nil {
		a.dropped.Add(1) // there is nowhere to say so but the report
		a.told++
	}
}

func (a *asyncLog) tell() {
	if n := a.dropped.Load(); n > a.told {
		a.plain.Warn("log lines were dropped: nobody read them in time", "count", n-a.told)
		a.told = n
	}
}

// Close writes what is left, but does not wait for long: whoever does not read must not
// keep a process from its end. An error says how many lines are left.
func (a *asyncLog) Close() error {
	close(a.stop)
	patience := time.NewTimer(asyncLogPatience)
	defer patience.Stop()
	select {
	case <-a.done:
		return nil
	case <-patience.C:
		return fmt.Errorf("nobody reads the log: %d lines are left", len(a.lines))
	}
}
