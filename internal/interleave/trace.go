//go:build interleave

package interleave

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"
)

// trace is a schedule in words: who took which step, named by the functions that led to it.
type trace struct {
	at    map[*thread]string // where a thread is that has announced a step
	names map[unsafe.Pointer]int
	lines []string
}

// callers is how many functions are named.
const callers = 4

func newTrace() *trace {
	return &trace{at: make(map[*thread]string), names: make(map[unsafe.Pointer]int)}
}

// calls notes where the current thread is.
func (t *trace) calls() {
	var pcs [24]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	var names []string
	for more := true; more && len(names) < callers; {
		var f runtime.Frame
		f, more = frames.Next()
		file := filepath.Base(f.File)
		if strings.HasPrefix(f.Function, "iter.") {
			break
		}
		if file == "trace.go" || file == "execute.go" || file == "atomic_stepped.go" {
			continue
		}
		name := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		names = append(names, fmt.Sprintf("%s %s:%d", name, file, f.Line))
	}
	t.at[current] = strings.Join(names, " < ")
}

// step notes that a thread took the step that it had announced. Variables are numbered as they come.
func (t *trace) step(thread int, th *thread) {
	n, known := t.names[th.next.on]
	if !known {
		n = len(t.names)
		t.names[th.next.on] = n
	}
	does := "reads "
	switch {
	case th.next.ready != nil:
		does = "wakes "
	case th.next.writes:
		does = "writes"
	}
	t.lines = append(t.lines, fmt.Sprintf("%4d  thread %d  %s %-2d  %s", len(t.lines), thread, does, n, t.at[th]))
}

func (t *trace) String() string { return strings.Join(t.lines, "\n") }
