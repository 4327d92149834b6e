package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agext/levenshtein"
)

// Span is a place in a file: a line and a column, both from 1, and how many
// characters of the line it takes. Columns count characters, not bytes.
type Span struct{ Line, Col, Len int }

// Problem is one mistake in a file.
type Problem struct {
	File string
	Span
	Source string // the line of the file
	What   string // what is wrong
	Do     string // what to do about it; may be empty
}

// Error is the problem as people read it: place, mistake, the line with a caret,
// and what to do.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", p.File, p.Line, p.Col, p.What)
	if p.Source != "" {
		// Tabs stay tabs, so that the caret stands below what it means.
		before := []rune(p.Source)
		before = before[:min(max(p.Col-1, 0), len(before))]
		pad := strings.Map(func(r rune) rune {
			if r == '\t' {
				return '\t'
			}
			return ' '
		}, string(before))
		width := min(max(p.Len, 1), max(1, utf8.RuneCountInString(p.Source)-len(before)))
		fmt.Fprintf(&b, "\n    %s\n    %s%s", p.Source, pad, strings.Repeat("^", width))
	}
	if p.Do != "" {
		fmt.Fprintf(&b, "\n    %s", p.Do)
	}
	return b.String()
}

// Problems are all the mistakes that were found in a file, in the file's order.
type Problems []*Problem

// maxShown bounds how many mistakes are printed: the first ones explain the rest.
const maxShown = 20

// Error lists the problems.
func (ps Problems) Error() string {
	var parts []string
	for i, p := range ps {
		if i == maxShown {
			parts = append(parts, fmt.Sprintf("and %d more", len(ps)-maxShown))
			break
		}
		parts = append(parts, p.Error())
	}
	return strings.Join(parts, "\n")
}

// Unwrap gives errors.As each problem.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// reporter collects the problems of one file.
type reporter struct {
	file  string
	lines []string
	found Problems
}

func newReporter(file string, src []byte) *reporter {
	return &reporter{file: file, lines: strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")}
}

// report adds a problem.
func (r *reporter) report(at Span, do, what string, args ...any) {
	p := &Problem{File: r.file, Span: at, What: fmt.Sprintf(what, args...), Do: do}
	if at.Line >= 1 && at.Line <= len(r.lines) {
		p.Source = r.lines[at.Line-1]
	}
	r.found = append(r.found, p)
}

// err is everything that was found, in the file's order, or nil.
func (r *reporter) err() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return r.found
}

// nearest is the known word that an unknown one is probably meant to be, or "".
func nearest(word string, known []string) string {
	best, distance := "", 1+len(word)/3
	for _, k := range known {
		d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(k), nil)
		if d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	return best
}

// suggest says what to do about an unknown word: the nearest known one if it is
// near, and all of them if they are few.
func suggest(word string, known []string) string {
	const few = 12
	best := nearest(word, known)
	switch {
	case best != "":
		return fmt.Sprintf("Did you mean %q?", best)
	case len(known) > 0 && len(known) <= few:
		return "Known here: " + strings.Join(known, ", ") + "."
	}
	return ""
}
