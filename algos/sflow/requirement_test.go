package sflow_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/sflow"
)

func TestParseRequirement(t *testing.T) {
	for text, want := range map[string]string{
		"a -> b":                          "a>1 b>",
		" a->b ; b -> c;a -> c ":          "a>1,2 b>2 c>",
		"a -> d; a -> b -> d":             "a>1,2 b>2 d>",
		"x#1 -> x#2 -> y":                 "x>1 x>2 y>",
		"a -> b -> a":                     "circle",
		"a -> b; a -> c":                  "more than one end",
		"a":                               "1 steps",
		"a -> ":                           "a name is missing",
		"":                                "a name is missing",
		"a -> b c":                        "letters, digits",
		"a -> b#":                         "empty label",
		"b -> c; a -> c":                  "no way from the source",
		"a -> " + strings.Repeat("b", 65): "at most 64 bytes",
	} {
		r, err := sflow.ParseRequirement(text)
		if err != nil {
			if !errors.Is(err, sflow.ErrRequirement) || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v; want an error with %q", text, err, want)
			}
			continue
		}
		var steps []string
		for _, s := range r.Steps {
			steps = append(steps, s.Service+">"+strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Next), "[]"), " ", ","))
		}
		if got := strings.Join(steps, " "); got != want {
			t.Errorf("%q: %s; want %s", text, got, want)
		}
	}
}

// A requirement that was drawn is read back as it was written, but for the order of steps that may come in any.
func TestRequirementRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "steps")
		r := sflow.Requirement{Steps: make([]sflow.Step, n)}
		for i := range r.Steps {
			r.Steps[i].Service = rapid.SampledFrom([]string{"a", "b", "c-1", "D.x"}).Draw(t, "service")
		}
		for i := 1; i < n; i++ { // each has one before it, and one behind it
			from := rapid.IntRange(0, i-1).Draw(t, "from")
			r.Steps[from].Next = append(r.Steps[from].Next, uint8(i))
		}
		for i := range n - 1 {
			if len(r.Steps[i].Next) == 0 {
				r.Steps[i].Next = []uint8{uint8(rapid.IntRange(i+1, n-1).Draw(t, "to"))}
			}
			slices.Sort(r.Steps[i].Next)
		}
		if err := r.Check(); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		back, err := sflow.ParseRequirement(r.String())
		if err != nil {
			t.Fatalf("%q: %v", r.String(), err)
		}
		if len(back.Steps) != n || shape(back) != shape(r) {
			t.Fatalf("%q was read as %q", r, back)
		}
	})
}

// shape is how many edges there are between services, which no order of steps changes.
func shape(r sflow.Requirement) string {
	var edges []string
	for _, s := range r.Steps {
		for _, v := range s.Next {
			edges = append(edges, s.Service+">"+r.Steps[v].Service)
		}
	}
	slices.Sort(edges)
	return strings.Join(edges, " ")
}

func TestParseAssignment(t *testing.T) {
	for text, want := range map[string]string{
		"scale":                   "scale",
		"scale<camera,file>join":  "scale < camera, file > join",
		" scale > join , screen ": "scale > join, screen",
		"scale < ":                "a service has a name",
		"":                        "a service has a name",
		"scale > a b":             "letters, digits",
		"scale >" + strings.Repeat("a,", 64) + "a": "at most 64 services",
	} {
		a, err := sflow.ParseAssignment(text)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v; want an error with %q", text, err, want)
			}
		} else if a.String() != want {
			t.Errorf("%q: %q; want %q", text, a, want)
		}
	}
}
