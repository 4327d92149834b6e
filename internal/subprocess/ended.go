package subprocess

import (
	"fmt"
	"os"
	"strings"
)

// EndedError says how a child ended that should not have, or not so.
type EndedError struct {
	Name  string           // of the child
	State *os.ProcessState // its exit status, or the signal that ended it
	Said  string           // the last lines that it wrote to standard error
	Cause error            // why its parent ended it; nil if it ended by itself
}

func (e *EndedError) Error() string {
	var b strings.Builder
	if e.Cause != nil {
		fmt.Fprintf(&b, "%v: ", e.Cause)
	}
	fmt.Fprintf(&b, "%s has ended (process %d, %v)", e.Name, e.State.Pid(), e.State)
	if e.Said != "" {
		fmt.Fprintf(&b, "; it said last: %s", e.Said)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *EndedError) Unwrap() error { return e.Cause }
