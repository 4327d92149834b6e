package subprocess

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"sync"
)

const (
	// keptBytes is how much of what a child said is kept to be quoted, in whole lines.
	keptBytes = 4 << 10
	// logLineBytes is where a line that a child says is cut.
	logLineBytes = 64 << 10
)

// stderr reads what a child writes to its standard error, as fast as it comes and without end, so that the child never
// waits, and keeps the last lines.
type stderr struct {
	file *os.File
	log  func(line []byte) bool

	mu    sync.Mutex
	kept  []string
	bytes int // of kept, ends of lines included
}

func newStderr(file *os.File, log func([]byte) bool) *stderr { return &stderr{file: file, log: log} }

// pump reads until the child's end is closed, or what is left of it is given up.
func (s *stderr) pump() {
	r := bufio.NewReaderSize(s.file, logLineBytes)
	for rest := false; ; { // rest: of a line that was cut
		line, err := r.ReadSlice('\n')
		if len(line) > 0 && !rest {
			s.take(trimEnd(line))
		}
		rest = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !rest {
			return
		}
	}
}

func trimEnd(line []byte) []byte {
	for n := len(line); n > 0 && (line[n-1] == '\n' || line[n-1] == '\r'); n-- {
		line = line[:n-1]
	}
	return line
}

func (s *stderr) take(line []byte) {
	if s.log != nil && s.log(line) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line = line[:min(len(line), keptBytes-1)]
	s.kept = append(s.kept, string(line))
	s.bytes += len(line) + 1
	for s.bytes > keptBytes {
		s.bytes -= len(s.kept[0]) + 1
		s.kept = s.kept[1:]
	}
}

// last is the last lines.
func (s *stderr) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(strings.Join(s.kept, "\n"))
}
