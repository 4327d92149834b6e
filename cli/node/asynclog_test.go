package node

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// gated is a writer that waits until it is opened: a pipe that nobody reads.
type gated struct {
	open chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(p)
}

func (g *gated) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

func textHandler(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) }

// Nobody who logs waits, whatever becomes of the lines; each is written or counted, and
// those that are written keep their order.
func TestAsyncLogNeverWaits(t *testing.T) {
	const many = 10 * asyncLogLines
	g := &gated{open: make(chan struct{})}
	log, async := newAsyncLog(g, textHandler)
	for i := range many {
		log.Info("line", "n", i)
	}
	dropped := async.Dropped()
	if dropped < many-asyncLogLines-2 || dropped >= many {
		t.Errorf("%d of %d lines dropped with a queue of %d", dropped, many, asyncLogLines)
	}
	close(g.open)
	if err := async.Close(); err != nil {
		t.Error(err)
	}
	written, last, told := 0, -1, 0
	for line := range strings.Lines(g.String()) {
		var n int
		if _, after, is := strings.Cut(line, "count="); is {
			if _, err := fmt.Sscanf(after, "%d", &n); err != nil {
				t.Errorf("%q: %v", line, err)
			}
			told += n
			continue
		}
		_, after, _ := strings.Cut(line, "msg=line ")
		if _, err := fmt.Sscanf(after, "n=%d", &n); err == nil {
			if n <= last {
				t.Fatalf("line %d after %d", n, last)
			}
			written, last = written+1, n
		}
	}
	if written+int(dropped) != many {
		t.Errorf("%d lines written, %d dropped, of %d", written, dropped, many)
	}
	if told != int(dropped) {
		t.Errorf("the log tells of %d dropped lines, of %d", told, dropped)
	}
}

// Its end does not wait for ever either.
func TestAsyncLogEnds(t *testing.T) {
	g := &gated{open: make(chan struct{})}
	log, async := newAsyncLog(g, textHandler)
	log.Info("one")
	log.Info("two")
	if err := async.Close(); err == nil || !strings.Contains(err.Error(), "nobody reads the log") {
		t.Errorf("closed with %v", err)
	}
	close(g.open)
	<-async.done
}
