package sflow

import (
	"fmt"
	"strings"
)

// MaxNeighbours is how many services an assignment may name on one side.
const MaxNeighbours = 64

// ParseAssignment reads what TypeAssign carries: a service, and the services beside it in the service graph,
// as in "scale < camera, file > join, screen".
func ParseAssignment(text string) (Assignment, error) {
	var a Assignment
	rest, to, hasTo := strings.Cut(text, ">")
	name, from, hasFrom := strings.Cut(rest, "<")
	a.Service = strings.TrimSpace(name)
	if hasFrom {
		a.From = list(from)
	}
	if hasTo {
		a.To = list(to)
	}
	if err := a.check(); err != nil {
		return Assignment{}, fmt.Errorf("not an assignment: in %q: %w; write it like: scale < camera > join, screen", text, err)
	}
	return a, nil
}

func list(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

func (a *Assignment) check() error {
	if len(a.From) > MaxNeighbours || len(a.To) > MaxNeighbours {
		return fmt.Errorf("at most %d services can be named on one side", MaxNeighbours)
	}
	if err := CheckName(a.Service); err != nil {
		return err
	}
	for _, side := range [][]string{a.From, a.To} {
		for _, name := range side {
			if err := CheckName(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// String is the assignment as ParseAssignment reads it.
func (a Assignment) String() string {
	s := a.Service
	if len(a.From) > 0 {
		s += " < " + strings.Join(a.From, ", ")
	}
	if len(a.To) > 0 {
		s += " > " + strings.Join(a.To, ", ")
	}
	return s
}
