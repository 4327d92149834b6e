package scenario

import (
	"fmt"
	"strings"
	"time"
)

// Crash is a panic of an algorithm; it is an ErrCrashed.
type Crash struct {
	Node string
	At   time.Duration // of the run; negative before it began
	What string        // the value, and on lines behind it the stack
	// Misuse says that the algorithm did with a message what it may not do (core.Misuse).
	Misuse bool
}

// Error implements error.
func (c *Crash) Error() string {
	return fmt.Sprintf("%v at node %s at %v: %s", ErrCrashed, c.Node, c.At, c.What)
}

// Is implements the interface of errors.Is.
func (c *Crash) Is(target error) bool { return target == ErrCrashed }

// place is the function that panicked, as the stack names it, without the values of its
// arguments; the value of the panic if there is no stack.
func (c *Crash) place() string {
	value, stack, _ := strings.Cut(c.What, "\n")
	lines := strings.Split(stack, "\n")
	// Two lines a frame, the last call first: the function, and its file. What is above
	// the last call of panic is the runtime's.
	last := -1
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			last = i
		}
	}
	for i := last + 2; last >= 0 && i < len(lines); i += 2 {
		if function := lines[i]; !strings.HasPrefix(function, "runtime.") {
			if args := strings.LastIndexByte(function, '('); args > 0 {
				function = function[:args]
			}
			return function
		}
	}
	return value
}
