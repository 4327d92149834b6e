package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The text of a fault: a time, a kind, and what it concerns.
//
//	5s crash b
//	8s restart b c
//	2s cut a b
//	2s cut-one-way a b
//	3s partition a,b c,d
//	9s heal
//	9s heal a b
//	1s slow c 2ms

// ErrFault means that a fault makes no sense.
var ErrFault = errors.New("sim: not a fault")

// String is the fault as text that ParseFault reads.
func (f Fault) String() string {
	words := []string{f.At.String(), f.Kind.String()}
	words = append(words, f.Nodes...)
	for _, g := range f.Groups {
		words = append(words, strings.Join(g, ","))
	}
	if f.Kind == Slow {
		words = append(words, f.Cost.String())
	}
	return strings.Join(words, " ")
}

// ParseFault reads the text of a fault. Errors wrap ErrFault and say what is
// wrong.
func ParseFault(text string) (f Fault, err error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return f, fmt.Errorf(`%w: %q: write a time and what happens, as in "5s crash b"`, ErrFault, text)
	}
	if f.At, err = time.ParseDuration(words[0]); err != nil {
		return f, fmt.Errorf(`%w: %q: the time %q: write it as in "1.5s"`, ErrFault, text, words[0])
	}
	i := slices.Index(faultNames[:], words[1])
	if i <= 0 {
		return f, fmt.Errorf("%w: %q: %q is none of %s", ErrFault, text, words[1], strings.Join(faultNames[1:], ", "))
	}
	f.Kind = FaultKind(i)
	rest := words[2:]
	switch {
	case f.Kind == Partition:
		for _, w := range rest {
			f.Groups = append(f.Groups, strings.Split(w, ","))
		}
	case f.Kind == Slow && len(rest) > 0:
		last := len(rest) - 1
		if f.Cost, err = time.ParseDuration(rest[last]); err != nil {
			return f, fmt.Errorf(`%w: %q: the time that a message takes, %q: write it as in "2ms"`, ErrFault, text, rest[last])
		}
		f.Nodes = rest[:last]
	default:
		f.Nodes = rest
	}
	if err := f.Validate(); err != nil {
		return f, err
	}
	return f, nil
}

// Validate checks all that can be checked without a world. Errors wrap ErrFault.
func (f Fault) Validate() error {
	wrong := func(why string) error { return fmt.Errorf("%w: %q: %s", ErrFault, f.String(), why) }
	if f.At < 0 {
		return wrong("the time is before the beginning")
	}
	n := len(f.Nodes)
	switch f.Kind {
	case Crash, Restart, Stop, Slow:
		if n == 0 {
			return wrong("it names no node")
		}
	case Cut, CutOneWay:
		if n != 2 || f.Nodes[0] == f.Nodes[1] {
			return wrong("a cut is between two nodes")
		}
	case Heal:
		if n != 0 && (n != 2 || f.Nodes[0] == f.Nodes[1]) {
			return wrong("heal what is between two nodes, or, with no node, everything")
		}
	case Partition:
		return f.validateGroups(wrong)
	default:
		return wrong("it is of no kind")
	}
	if f.Kind == Slow && f.Cost < 0 {
		return wrong("a message cannot take less than no time")
	}
	return nil
}

func (f Fault) validateGroups(wrong func(string) error) error {
	if len(f.Groups) == 0 {
		return wrong("a partition has a side at least")
	}
	seen := make(map[string]bool)
	for _, g := range f.Groups {
		for _, name := range g {
			if name == "" {
				return wrong("a side names a node that has no name")
			}
			if seen[name] {
				return wrong("it names " + name + " twice")
			}
			seen[name] = true
		}
	}
	return nil
}
