package subprocess

import (
	"fmt"
	"io"
	"time"
)

const (
	// forwardLines is how many lines wait for a slow writer before more are dropped.
	forwardLines = 1024
	// forwardWait is how long Close waits for what is still to be written.
	forwardWait = time.Second
)

// Forwarder passes what children say on to a writer, such as this program's own standard error, a whole line at a
// time. Lines for which a slow writer has no time are dropped and counted: no child waits for it.
type Forwarder struct {
	lines chan string
	done  chan struct{}
}

// NewForwarder begins to pass lines on to w. To be closed, after the children.
func NewForwarder(w io.Writer) *Forwarder {
	f := &Forwarder{lines: make(chan string, forwardLines), done: make(chan struct{})}
	go f.write(w)
	return f
}

func (f *Forwarder) write(w io.Writer) {
	defer close(f.done)
	for line := range f.lines {
		_, _ = io.WriteString(w, line) // where standard error is gone there is nobody to tell
	}
}

// Log is a Command's Log: it passes lines on after the name, and takes none away from errors.
func (f *Forwarder) Log(name string) func(line []byte) bool {
	dropped := 0
	return func(line []byte) bool {
		text := fmt.Sprintf("%s: %s\n", name, line)
		if dropped > 0 {
			text = fmt.Sprintf("%s: (%d lines dropped)\n", name, dropped) + text
		}
		select {
		case f.lines <- text:
			dropped = 0
		default:
			dropped++
		}
		return false
	}
}

// Close writes what is left. A writer that takes nothing is given up after a second. No child may say anything
// after it.
func (f *Forwarder) Close() {
	close(f.lines)
	select {
	case <-f.done:
	case <-time.After(forwardWait):
	}
}
