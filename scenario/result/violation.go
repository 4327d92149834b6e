package result

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Violation is state of an algorithm that should not be. It ends the run.
type Violation struct {
	Node string        // "": a check of the whole overlay
	At   time.Duration // of the run; negative before it began
	What string        // as the algorithm or the check says it
}

// Verdict is the violation as an expectation that did not hold.
func (v *Violation) Verdict() spec.Verdict {
	of := "the check of the whole overlay"
	if v.Node != "" {
		of = "the invariant of node " + v.Node
	}
	return spec.Verdict{Expectation: of, Measured: true, Found: fmt.Sprintf("at %v: %s", v.At, v.What)}
}

// judgeViolation puts a violation before everything that was expected, which may not
// have been measured because of it.
func (r *Run) judgeViolation() {
	if r.Violated != nil {
		r.Verdicts = slices.Insert(r.Verdicts, 0, r.Violated.Verdict())
	}
}
