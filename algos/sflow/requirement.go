package sflow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/algos/pack"
)

// Limits of a requirement and of names.
const (
	MaxSteps = 64
	MaxName  = 64 // bytes
)

// ErrRequirement is wrapped by every error about a requirement that makes no sense.
var ErrRequirement = errors.New("not a requirement")

// Requirement is what a federated service is made of: a directed acyclic graph of services (paper, section 3.3). Step 0
// is the source and the last one the sink; every step lies between them. Make it with ParseRequirement, or Check it.
type Requirement struct {
	Steps []Step
}

// Step is a service in its place.
type Step struct {
	Service string
	Next    []uint8 // steps that get what this one makes: ascending, and all above its own number
}

// ParseRequirement reads a requirement such as
//
//	camera -> scale -> join -> screen; camera -> titles -> join
//
// A name is a step, and the same name in another place the same step. Where a service is wanted twice, the steps have
// labels: scale#1 -> scale#2. Errors wrap ErrRequirement.
func ParseRequirement(text string) (Requirement, error) {
	var names []string // by first mention
	next := make(map[string][]string)
	before := make(map[string]int) // how many steps come directly before
	for chain := range strings.SplitSeq(text, ";") {
		last := ""
		for word := range strings.SplitSeq(chain, "->") {
			name := strings.TrimSpace(word)
			if err := checkStepName(name); err != nil {
				return Requirement{}, fmt.Errorf("%w: in %q: %w", ErrRequirement, strings.TrimSpace(chain), err)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			if last != "" && !slices.Contains(next[last], name) {
				next[last] = append(next[last], name)
				before[name]++
			}
			last = name
		}
	}
	// In topological order (Kahn, CACM 1962), steps that could come in any order as they were mentioned, the sink last.
	var order []string
	for len(order) < len(names) {
		i := slices.IndexFunc(names, func(n string) bool {
			return before[n] == 0 && !slices.Contains(order, n) && (len(next[n]) > 0 || len(order) == len(names)-1)
		})
		if i < 0 {
			return Requirement{}, fmt.Errorf("%w: %q has a circle, or more than one end: everything flows into one sink", ErrRequirement, text)
		}
		order = append(order, names[i])
		for _, n := range next[names[i]] {
			before[n]--
		}
	}
	r := Requirement{}
	for _, name := range order {
		service, _, _ := strings.Cut(name, "#")
		s := Step{Service: service}
		for _, n := range next[name] {
			s.Next = append(s.Next, uint8(slices.Index(order, n)))
		}
		slices.Sort(s.Next)
		r.Steps = append(r.Steps, s)
	}
	err := r.Check()
	return r, err
}

func checkStepName(name string) error {
	service, label, labelled := strings.Cut(name, "#")
	switch {
	case name == "":
		return errors.New("a name is missing; write services with -> between them")
	case labelled && label == "":
		return fmt.Errorf("%q has an empty label; write %s#1", name, service)
	}
	return CheckName(service)
}

// CheckName says what is wrong with the name of a service.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a service has a name")
	case len(name) > MaxName:
		return fmt.Errorf("the name of a service has at most %d bytes; this has %d", MaxName, len(name))
	case strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}):
		return fmt.Errorf("the name of a service is letters, digits, '-', '_' and '.', which %q is not", name)
	}
	return nil
}

// Check says what is wrong with a requirement. Errors wrap ErrRequirement.
func (r *Requirement) Check() error {
	n := len(r.Steps)
	if n < 2 || n > MaxSteps {
		return fmt.Errorf("%w: %d steps, want 2 to %d: a source and a sink at least", ErrRequirement, n, MaxSteps)
	}
	reached := make([]bool, n)
	reached[0] = true
	for i, s := range r.Steps {
		if err := CheckName(s.Service); err != nil {
			return fmt.Errorf("%w: step %d: %w", ErrRequirement, i, err)
		}
		switch {
		case !reached[i]:
			return fmt.Errorf("%w: step %d (%s) has no way from the source, which is the first", ErrRequirement, i, s.Service)
		case len(s.Next) == 0 && i < n-1:
			return fmt.Errorf("%w: step %d (%s) leads nowhere: everything flows into one sink, which is the last", ErrRequirement, i, s.Service)
		}
		last := uint8(i)
		for _, v := range s.Next {
			if v <= last || int(v) >= n {
				return fmt.Errorf("%w: step %d (%s) leads to step %d; want ascending numbers from %d to %d", ErrRequirement, i, s.Service, v, i+1, n-1)
			}
			last = v
			reached[v] = true
		}
	}
	return nil
}

// String is the requirement as ParseRequirement reads it.
func (r Requirement) String() string {
	names := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		names[i] = s.Service
		for j, o := range r.Steps {
			if j != i && o.Service == s.Service {
				names[i] = fmt.Sprintf("%s#%d", s.Service, i)
				break
			}
		}
	}
	var chains []string
	for i, s := range r.Steps {
		for _, v := range s.Next {
			chains = append(chains, names[i]+" -> "+names[v])
		}
	}
	return strings.Join(chains, "; ")
}

// Sink is the number of the last step.
func (r *Requirement) Sink() int { return len(r.Steps) - 1 }

// before are the steps directly before one, ascending.
func (r *Requirement) before(step int) (steps []int) {
	for i, s := range r.Steps[:step] {
		if slices.Contains(s.Next, uint8(step)) {
			steps = append(steps, i)
		}
	}
	return steps
}

func (r *Requirement) fields(f *pack.Fields) {
	pack.List(f, &r.Steps, func(f *pack.Fields, s *Step) {
		f.String(&s.Service)
		pack.List(f, &s.Next, (*pack.Fields).Uint8)
	})
	if f.Reading() && r.Check() != nil {
		f.Fail("a requirement that there cannot be")
	}
}
