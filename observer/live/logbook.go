package live

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

// Bounds of the log.
const (
	maxLines = 10_000 // in memory, of at most a kilobyte each
	toWrite  = 4096   // that wait for the disk
)

// logbook is the log: its last lines in memory, all of them in a file. Nobody waits for the file but who gives an order:
// an order is in it before it is answered.
type logbook struct {
	mu    sync.Mutex
	lines []api.LogLine
	head  int // of the oldest, once there are maxLines

	to      io.Writer
	writing sync.Mutex // one line at a time
	queue   chan api.LogLine
	done    chan struct{}
	lost    atomic.Uint64
	once    sync.Once
}

func newLogbook(to io.Writer) *logbook {
	b := &logbook{to: to, queue: make(chan api.LogLine, toWrite), done: make(chan struct{})}
	go func() {
		defer close(b.done)
		for l := range b.queue {
			b.write(l)
		}
	}()
	return b
}

func (b *logbook) close() {
	b.once.Do(func() { close(b.queue) })
	<-b.done
}

func (b *logbook) lostLines() uint64 { return b.lost.Load() }

// line takes a line of the observer, on its loop, which ends before the book is closed.
func (b *logbook) line(l observer.Line) {
	line := api.LogLine{T: l.T, At: stamp(), Kind: l.Kind, Name: l.Name, Text: l.Text}
	if !l.Node.IsZero() {
		line.Node = l.Node.String()
	}
	b.remember(line)
	if b.to == nil {
		return
	}
	select {
	case b.queue <- line:
	default:
		b.lost.Add(1)
	}
}

// control takes an order: who gave it, to whom, and what became of it.
func (b *logbook) control(t record.Time, c *observer.Command, by string, results []observer.Result, bad error) {
	var sent int
	var names, failed []string
	for _, r := range results {
		if r.Sent {
			sent++
			names = append(names, r.Named)
		} else {
			failed = append(failed, r.Named+": "+r.Error)
		}
	}
	text := c.String()
	switch {
	case bad != nil:
		text += ": refused: " + bad.Error()
	case c.Targets.All:
		text += fmt.Sprintf(": sent to all %d", sent)
	default:
		text += ": sent to " + few(names)
	}
	if len(failed) > 0 {
		text += "; not to " + few(failed)
	}
	b.ordered(t, by, text)
}

// order takes an order to the observer itself, and what was wrong with it, if anything.
func (b *logbook) order(t record.Time, by, what string, bad error) {
	if bad != nil {
		what += ": " + bad.Error()
	}
	b.ordered(t, by, what)
}

func (b *logbook) ordered(t record.Time, by, text string) {
	line := api.LogLine{T: t, At: stamp(), Kind: record.EventControl, By: by, Text: text}
	b.remember(line)
	if b.to != nil {
		b.write(line)
	}
}

// few is some of many words.
func few(words []string) string {
	const most = 10
	switch n := len(words); {
	case n == 0:
		return "none"
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), n-most)
	}
	return strings.Join(words, ", ")
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func (b *logbook) write(l api.LogLine) {
	text, _ := json.Marshal(l) // texts and numbers never fail
	b.writing.Lock()
	defer b.writing.Unlock()
	if _, err := b.to.Write(append(text, '\n')); err != nil {
		b.lost.Add(1)
	}
}

func (b *logbook) remember(l api.LogLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) < maxLines {
		b.lines = append(b.lines, l)
		return
	}
	b.lines[b.head] = l
	b.head = (b.head + 1) % maxLines
}

// last are the last lines, newest last.
func (b *logbook) last(limit int) []api.LogLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(limit, len(b.lines))
	out := make([]api.LogLine, 0, n)
	for i := len(b.lines) - n; i < len(b.lines); i++ {
		out = append(out, b.lines[(b.head+i)%len(b.lines)])
	}
	return out
}
