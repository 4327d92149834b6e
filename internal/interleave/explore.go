//go:build interleave

package interleave

import (
	"fmt"
	"math"
	"math/bits"
)

// The search is dynamic partial-order reduction (Flanagan and Godefroid, POPL 2005) with sleep sets (Godefroid 1996):
// depth first over schedules, where a schedule that differs from one already seen only in the order of steps that do
// not touch the same variable is not run again.
//
//	run       one schedule: a prefix that the search prescribes, then whoever ran last goes on
//	conflict  a step that touches what another thread touched before, and could have come first: the search must try it
//	next      the deepest point at which somebody else should go is where the next schedule departs from this one

// Program is what one schedule runs.
type Program struct {
	// Threads are run at the same time, each in a goroutine of its own.
	Threads []func()
	// Check is called when every thread has ended or waits for ever, and says what is wrong then, before those that wait
	// are told to end. May be nil.
	Check func() error
	// Close is called when all have ended, to let go of what was made. May be nil.
	Close func()
}

// Limits bound a search. A zero field means the default.
type Limits struct {
	Schedules int // most schedules to begin (default: all there are)
	Steps     int // most steps in one; more is a thread that spins for ever (default 10,000)
	Grain     Grain

	// Preemptions bounds how often a thread that could go on is interrupted; most mistakes need one or two (Musuvathi
	// and Qadeer, PLDI 2007), and there are far fewer such schedules. 0 is no bound. A search that left others out is
	// not complete.
	Preemptions int
}

// Grain says how finely the calls of data structures with inner variables are taken apart.
type Grain uint8

// The ways.
const (
	Apart Grain = iota // every access of an inner variable is a step
	Whole              // a call is one step: for who uses a data structure whose own tests take it apart
)

// Report is what a search found.
type Report struct {
	Schedules int   // run to their end
	Cut       int   // given up half-way, because all that could follow had been seen
	Complete  bool  // there are no others
	Steps     int   // in the longest
	Failure   error // nil, or what went wrong, with the schedule in which it did
}

func (r Report) String() string {
	all := "all"
	if !r.Complete {
		all = "not all"
	}
	return fmt.Sprintf("%d schedules, %s there are, of at most %d steps, and %d given up half-way", r.Schedules, all, r.Steps, r.Cut)
}

// set is a set of threads.
type set uint32

func one(t int) set             { return 1 << t }
func (s set) has(t int) bool    { return s&one(t) != 0 }
func (s set) first() (t int)    { return bits.TrailingZeros32(uint32(s)) }
func (s set) without(o set) set { return s &^ o }

// branch is a point of a schedule at which the search chose who goes on.
type branch struct {
	enabled set // threads that could
	todo    set // those that have to be tried here
	asleep  set // those whose step here leads to nothing that was not seen: tried already, or elsewhere
	chosen  int
}

// preempts reports whether choosing t at a depth interrupts a thread that could go on.
func (s *search) preempts(depth, t int) bool {
	return depth > 0 && s.path[depth-1].chosen != t && s.path[depth].enabled.has(s.path[depth-1].chosen)
}

// allowed are those of the threads that may be chosen at the end of the path without too many preemptions.
func (s *search) allowed(threads set) (may set) {
	if s.limits.Preemptions == 0 {
		return threads
	}
	last, n := len(s.path)-1, 0
	for d := range s.path[:last] {
		if s.preempts(d, s.path[d].chosen) {
			n++
		}
	}
	for t := range 32 {
		if threads.has(t) && (n < s.limits.Preemptions || !s.preempts(last, t)) {
			may |= one(t)
		}
	}
	if may != threads {
		s.left = true
	}
	return may
}

// search is a depth-first walk over the schedules of a program.
type search struct {
	build  func() Program
	limits Limits
	path   []branch // of the schedule under way
	left   bool     // schedules were left out
	report Report
}

// Explore runs the programs that build makes, which must be the same each time, under every schedule, until one
// fails. Neither it nor what it runs is for more than one goroutine at a time.
func Explore(build func() Program, limits Limits) Report {
	if limits.Schedules == 0 {
		limits.Schedules = math.MaxInt
	}
	if limits.Steps == 0 {
		limits.Steps = 10_000
	}
	s := &search{build: build, limits: limits}
	for s.report.Schedules+s.report.Cut < limits.Schedules {
		e := newExecution(s)
		err := e.run()
		if e.cut {
			s.report.Cut++
		} else {
			s.report.Schedules++
		}
		s.report.Steps = max(s.report.Steps, len(e.steps))
		if err != nil {
			s.report.Failure = fmt.Errorf("%w\nschedule %d:\n%s", err, s.report.Schedules, s.retrace())
			return s.report
		}
		if !s.next() {
			s.report.Complete = !s.left
			return s.report
		}
	}
	return s.report
}

// next makes path the prefix of the next schedule, and reports whether there is one.
func (s *search) next() bool {
	for len(s.path) > 0 {
		b := &s.path[len(s.path)-1]
		b.asleep |= one(b.chosen)
		if todo := s.allowed((b.todo & b.enabled).without(b.asleep)); todo != 0 {
			b.chosen = todo.first()
			return true
		}
		s.path = s.path[:len(s.path)-1]
	}
	return false
}

// retrace runs the failed schedule once more and tells its steps.
func (s *search) retrace() string {
	e := newExecution(s)
	e.trace = newTrace()
	_ = e.run() // fails as it did before
	return e.trace.String()
}

// choose says who goes on at a depth, and whether the search has seen all that can follow.
func (s *search) choose(depth int, enabled set, last int, asleep set) (t int, seen bool) {
	if depth < len(s.path) {
		s.path[depth].enabled = enabled
		return s.path[depth].chosen, false
	}
	awake := enabled.without(asleep)
	if awake == 0 {
		return 0, true
	}
	t = awake.first()
	if last >= 0 && awake.has(last) {
		t = last // fewer switches make a schedule easier to read
	}
	s.path = append(s.path, branch{enabled: enabled, todo: one(t), asleep: asleep, chosen: t})
	return t, false
}
