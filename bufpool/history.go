//go:build race || slabdebug

package bufpool

import (
	"fmt"
	"runtime"
	"strings"
)

// A history is what happened to a slab since it was last taken from its pool, in a fixed amount of memory, so that
// tracing allocates nothing once a slab exists: the latest events in order, and how often each call site retained and
// released. The first tells who released too much, the second who released too little, after any number of events.
type history struct {
	events [historyEvents]event // event i is at index i modulo the length
	n      int                  // events so far
	sites  [historySites]site   // the first nsites are in use
	nsites int
	others int // retains and releases from further call sites
}

const (
	historyEvents = 32 // enough for the last turns of a slab's life
	historySites  = 24 // more places than a message meets between its link and the wire
	stackDepth    = 16 // calls recorded of a stack, this package's own included
)

type kind uint8

const (
	evGet kind = iota
	evRetain
	evRelease
)

func (k kind) String() string { return [...]string{"Get", "Retain", "Release"}[k] }

type stack [stackDepth]uintptr

type event struct {
	kind kind
	refs int32 // references after it
	at   stack
}

type site struct {
	kind  kind
	at    stack
	count int
}

// restart forgets the slab's last life.
func (h *history) restart() { *h = history{} }

// record notes an event and the stack of whoever caused it. refs is the number of references after it.
func (h *history) record(k kind, refs int32) {
	e := &h.events[h.n%historyEvents]
	h.n++
	*e = event{kind: k, refs: refs}
	runtime.Callers(2, e.at[:])
	h.tally(k, &e.at)
}

func (h *history) tally(k kind, at *stack) {
	for i := range h.sites[:h.nsites] {
		if s := &h.sites[i]; s.kind == k && s.at == *at {
			s.count++
			return
		}
	}
	if h.nsites == historySites {
		h.others++
		return
	}
	h.sites[h.nsites] = site{kind: k, at: *at, count: 1}
	h.nsites++
}

// text is the history as lines, without a final newline.
func (h *history) text() string {
	var b strings.Builder
	b.WriteString("by place:\n")
	for _, s := range h.sites[:h.nsites] {
		fmt.Fprintf(&b, "  %v, %d times, at\n%s", s.kind, s.count, s.at.text())
	}
	if h.others > 0 {
		fmt.Fprintf(&b, "  %d more from further places\n", h.others)
	}
	first := max(0, h.n-historyEvents)
	fmt.Fprintf(&b, "in order:\n")
	if first > 0 {
		fmt.Fprintf(&b, "  %d earlier events\n", first)
	}
	for i := first; i < h.n; i++ {
		e := &h.events[i%historyEvents]
		fmt.Fprintf(&b, "  %v, references then %d, at %s\n", e.kind, e.refs, e.at.top())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// frames resolves the stack, leaving out the calls inside this package that lead to the record.
func (st *stack) frames() []runtime.Frame {
	n := 0
	for n < len(st) && st[n] != 0 {
		n++
	}
	if n == 0 {
		return nil
	}
	var out []runtime.Frame
	frames := runtime.CallersFrames(st[:n])
	for {
		f, more := frames.Next()
		if len(out) > 0 || !isOwn(f.Function) {
			out = append(out, f)
		}
		if !more {
			return out
		}
	}
}

// isOwn says whether function is a method of this package's types.
func isOwn(function string) bool {
	_, name, ok := strings.Cut(function, "/bufpool.")
	return ok && strings.HasPrefix(name, "(*")
}

func (st *stack) text() string {
	var b strings.Builder
	for _, f := range st.frames() {
		fmt.Fprintf(&b, "    %s\n      %s:%d\n", f.Function, f.File, f.Line)
	}
	return b.String()
}

// top is the innermost call outside this package.
func (st *stack) top() string {
	fs := st.frames()
	if len(fs) == 0 {
		return "an unknown place"
	}
	return fmt.Sprintf("%s (%s:%d)", fs[0].Function, fs[0].File, fs[0].Line)
}
