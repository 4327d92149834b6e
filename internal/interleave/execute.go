//go:build interleave

package interleave

import (
	"fmt"
	"iter"
	"runtime/debug"
	"unsafe"
)

// operation is what a thread is about to do.
type operation struct {
	on     unsafe.Pointer
	writes bool
	ready  func() bool // of a Wait; else nil
}

// conflicts reports whether the order of two operations matters.
func (o operation) conflicts(with operation) bool {
	return o.on == with.on && (o.writes || with.writes)
}

// thread is a coroutine that stops before each of its steps.
type thread struct {
	resume func() (operation, bool)
	yield  func(operation) bool // valid inside the thread
	next   operation
	ready  bool // next.ready said so, and nobody has written to what it waits on since
	known  bool // ready is up to date
	ended  bool
	waited bool // has taken a Wait
	writes int  // execution.writes when it took its last Wait
	clock  clock
}

// clock has for each thread how many steps of the schedule, up to the last of that thread's that happened before.
type clock []int

func (c clock) join(o clock) {
	for i := range c {
		c[i] = max(c[i], o[i])
	}
}

// step is one that was taken.
type step struct {
	operation
	thread int
	clock  clock // of its thread, after it
}

// execution is one run of the program.
type execution struct {
	search  *search
	program Program
	threads []*thread
	steps   []step
	touched map[unsafe.Pointer][]int // steps by variable
	writes  int                      // steps that wrote
	asleep  set                      // at this point: whose step leads to nothing new
	last    int                      // who took the last step, or -1
	idle    int                      // spins in a row that nobody else could relieve
	ending  bool                     // Wait returns false from now on
	cut     bool                     // given up, since all that can follow was seen
	trace   *trace                   // nil unless wanted
}

// active is the execution under way, and current its thread that runs. They are package variables because atomic
// variables cannot know where they are used; this build is for tests only.
var (
	active  *execution
	current *thread
)

// maxIdle is how often a thread may spin while all others wait. What it does in a turn without writing to anything
// shared ends after some turns.
const maxIdle = 4

func newExecution(s *search) *execution {
	e := &execution{search: s, program: s.build(), touched: make(map[unsafe.Pointer][]int), last: -1}
	if len(e.program.Threads) > 32 {
		panic("interleave: more than 32 threads")
	}
	for _, body := range e.program.Threads {
		e.threads = append(e.threads, &thread{resume: coroutine(body), clock: make(clock, len(e.program.Threads))})
	}
	return e
}

// coroutine runs body until it announces a step, once a call.
func coroutine(body func()) (resume func() (operation, bool)) {
	resume, _ = iter.Pull(func(yield func(operation) bool) {
		current.yield = yield
		body()
	})
	return resume
}

// announce stops the thread before a step until it may take it. Outside of an execution it does nothing.
func announce(o operation) bool {
	if active == nil || current == nil {
		return true
	}
	if t := active.trace; t != nil {
		t.calls()
	}
	current.yield(o)
	return !active.ending || o.ready == nil
}

// run runs the schedule to its end and says what went wrong.
func (e *execution) run() (err error) {
	active = e
	defer func() {
		active, current = nil, nil
		if err == nil && e.program.Close != nil {
			e.program.Close()
		}
	}()
	for t := range e.threads { // to their first steps
		if err := e.advance(t); err != nil {
			return err
		}
	}
	err = e.explore()
	if err == nil && !e.cut && e.program.Check != nil {
		err = e.check()
	}
	if err != nil {
		return err
	}
	return e.drain()
}

// check calls the program's Check, whose own accesses are no steps.
func (e *execution) check() error {
	active = nil
	defer func() { active = e }()
	return e.program.Check()
}

// explore takes steps until all threads have ended or wait, or until nothing new can follow.
func (e *execution) explore() error {
	for {
		enabled := e.enabled()
		if enabled == 0 {
			e.waiters()
			return nil
		}
		t, seen := e.search.choose(len(e.steps), enabled, e.last, e.asleep)
		if seen {
			e.cut = true
			return nil
		}
		if err := e.take(t); err != nil {
			return err
		}
	}
}

// enabled are the threads that can go on. One that spins can once somebody has written, or if nobody else can go on.
func (e *execution) enabled() (can set) {
	var spinning set
	for t, th := range e.threads {
		switch {
		case th.ended, !th.isReady():
		case th.next.ready != nil && th.waited && th.writes == e.writes:
			spinning |= one(t)
		default:
			can |= one(t)
		}
	}
	if can != 0 || spinning == 0 {
		e.idle = 0
		return can
	}
	e.idle++
	return spinning
}

// isReady reports whether the thread's next step can be taken. What a Wait looks at may be slow to look at, such as a
// descriptor, so it is looked at only when it may have changed.
func (th *thread) isReady() bool {
	if th.next.ready != nil && !th.known {
		th.ready, th.known = th.next.ready(), true
	}
	return th.next.ready == nil || th.ready
}

// take lets a thread take its step, and notes what the search must try because of it.
func (e *execution) take(t int) error {
	if len(e.steps) >= e.search.limits.Steps || e.idle > maxIdle {
		return fmt.Errorf("thread %d goes on for ever: %d steps, and nobody else has anything to do", t, len(e.steps))
	}
	th := e.threads[t]
	e.conflict(t)
	depth := len(e.steps)
	for i := range backwards(e.touched[th.next.on]) {
		if s := &e.steps[i]; s.conflicts(th.next) {
			th.clock.join(s.clock)
			if s.writes {
				break // which has joined what came before
			}
		}
	}
	th.clock[t] = depth + 1
	e.steps = append(e.steps, step{th.next, t, append(clock(nil), th.clock...)})
	e.touched[th.next.on] = append(e.touched[th.next.on], depth)
	e.sleep(e.search.path[depth].asleep, th.next)
	e.last = t
	e.note(th)
	if e.trace != nil {
		e.trace.step(t, th)
	}
	return e.advance(t)
}

// note keeps what tells a thread that spins from one that gets on, and whose turn may have come.
func (e *execution) note(th *thread) {
	if th.next.writes {
		e.writes++
		for _, o := range e.threads {
			o.known = o.known && o.next.on != th.next.on
		}
	}
	if th.next.ready != nil {
		th.waited, th.writes = true, e.writes
	}
}

// sleep keeps asleep the threads whose next step does not care for the one that was taken.
func (e *execution) sleep(asleep set, taken operation) {
	e.asleep = 0
	if e.search.limits.Preemptions > 0 {
		return // what was tried before was not tried to its end
	}
	for t, th := range e.threads {
		if asleep.has(t) && !th.next.conflicts(taken) {
			e.asleep |= one(t)
		}
	}
}

// conflict finds the last step of another thread that the next one of t could have come before, and has the search
// try that.
func (e *execution) conflict(t int) {
	th := e.threads[t]
	for at := range backwards(e.touched[th.next.on]) {
		if s := &e.steps[at]; s.thread != t && s.conflicts(th.next) && th.clock[s.thread] <= at {
			e.try(at, t)
			if e.search.limits.Preemptions > 0 {
				e.try(e.beginning(at), t) // where it may be no preemption
			}
			return
		}
	}
}

// beginning is the first step of the row of steps of one thread that a step is in.
func (e *execution) beginning(at int) int {
	for at > 0 && e.steps[at-1].thread == e.steps[at].thread {
		at--
	}
	return at
}

// backwards are the numbers from the last to the first.
func backwards(of []int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := len(of) - 1; i >= 0 && yield(of[i]); i-- {
		}
	}
}

// try has the search try a schedule that departs from this one before step at so that thread t comes first.
func (e *execution) try(at, t int) {
	b := &e.search.path[at]
	if b.enabled.has(t) {
		b.todo |= one(t)
		return
	}
	for q := range e.threads { // whom t's next step waited for
		if b.enabled.has(q) && e.threads[t].clock[q] > at+1 {
			b.todo |= one(q)
			return
		}
	}
	b.todo |= b.enabled
}

// waiters notes the conflicts of those that wait for ever: had they come earlier, they might not.
func (e *execution) waiters() {
	for t, th := range e.threads {
		if !th.ended {
			e.conflict(t)
		}
	}
}

// advance runs a thread to its next step or its end.
func (e *execution) advance(t int) (err error) {
	th := e.threads[t]
	current = th
	defer func() {
		current = nil
		if v := recover(); v != nil {
			th.ended = true
			err = fmt.Errorf("thread %d panicked: %v\n%s", t, v, debug.Stack())
		}
	}()
	var more bool
	th.next, more = th.resume()
	th.ended, th.known = !more, false
	return nil
}

// drain ends the threads, in any order: those that wait are told that they wait for ever.
func (e *execution) drain() error {
	for range e.search.limits.Steps {
		var can set
		for t, th := range e.threads {
			if !th.ended && (th.next.ready == nil || th.next.ready() || e.ending) {
				can |= one(t)
			}
		}
		if can == 0 {
			if e.ending {
				return nil
			}
			e.ending = true
			continue
		}
		for t := range e.threads {
			if !can.has(t) {
				continue
			}
			if err := e.advance(t); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("threads do not end: %d steps more", e.search.limits.Steps)
}
