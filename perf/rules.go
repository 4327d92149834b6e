package perf

import "strings"

// Space says which samples a [Rule] applies to.
type Space uint8

// The zero Space is AnySpace.
const (
	// AnySpace: every sample.
	AnySpace Space = iota
	// InKernel: samples whose leaf is a system call.
	InKernel
	// InUser: all the others.
	InUser
)

// Where says which frames of a stack a [Rule] looks at.
type Where uint8

// The zero Where is Nearest.
const (
	// Nearest: the frame nearest to the leaf that any Nearest rule matches
	// decides. Frames that none matches are passed over if they are transparent
	// (see [RuleSet.Transparent]).
	Nearest Where = iota
	// AtLeaf: only the innermost frame.
	AtLeaf
	// Anywhere: any frame; for goroutines whose whole work belongs to one
	// category, whatever they call.
	Anywhere
)

// Pattern matches functions by package and name.
type Pattern struct {
	// Package is an import path; a trailing "/..." matches it and all below it.
	Package string
	// Functions are names within the package as profiles print them, such as
	// "sysRead" or "(*Poller).Polling". A trailing "*" matches any rest. A name
	// also matches its own closures ("sysRead.func1"). None matches all.
	Functions []string
}

// Rule puts samples into a category.
type Rule struct {
	Category Category
	Space    Space
	Where    Where
	Match    []Pattern
}

// RuleSet is the whole table by which samples are sorted. The zero value puts
// everything into [Other]; [DefaultRules] is the one for this project. A RuleSet
// is not changed by its methods and may be shared.
type RuleSet struct {
	// Entries are the functions that contain the system call instruction. A
	// sample with one of them at its leaf is a kernel sample.
	Entries []Pattern
	// Transparent are packages of helpers which work for their caller: a frame
	// of theirs that no rule matches does not decide. Any other unmatched frame
	// makes the sample unknown, which counts as [Other]. The standard library
	// is always transparent.
	Transparent []Pattern
	// Rules are tried in order, AtLeaf and Anywhere rules first, in order, and
	// then the Nearest rules on each frame from the leaf outwards.
	Rules []Rule
}

// With returns the rule set with more rules before its own: for example one that
// counts a user's own package as [Algorithm].
func (rs RuleSet) With(rules ...Rule) RuleSet {
	rs.Rules = append(append([]Rule(nil), rules...), rs.Rules...)
	return rs
}

// frame is a function name taken apart.
type frame struct {
	full string // as the profile has it
	pkg  string // import path
	name string // the rest, without type arguments
}

// parseFrame splits "path/to/pkg.(*T).Method" at the first dot after the last
// slash. Type arguments, which may contain both, are cut out first.
func parseFrame(full string) frame {
	s := withoutTypeArgs(full)
	slash := strings.LastIndexByte(s, '/') + 1
	dot := strings.IndexByte(s[slash:], '.')
	if dot < 0 {
		return frame{full: full, name: s}
	}
	return frame{
		full: full,
		// The linker writes a dot in the last path element as %2e.
		pkg:  strings.ReplaceAll(s[:slash+dot], "%2e", "."),
		name: s[slash+dot+1:],
	}
}

// withoutTypeArgs removes every bracketed part: "F[go.shape.int].func1" and
// "F[...].func1" both become "F.func1".
func withoutTypeArgs(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '[':
			depth++
		case r == ']' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// standard reports whether the frame belongs to the standard library, whose
// import paths have no dot in their first element. Package main has none either
// but is somebody's program. A frame with no package is not known to be anything.
func (f frame) standard() bool {
	if f.pkg == "" || f.pkg == "main" || f.pkg == "command-line-arguments" {
		return false
	}
	first, _, _ := strings.Cut(f.pkg, "/")
	return !strings.Contains(first, ".")
}

func (p Pattern) matches(f frame) bool {
	if root, tree := strings.CutSuffix(p.Package, "/..."); tree {
		if f.pkg != root && !strings.HasPrefix(f.pkg, root+"/") {
			return false
		}
	} else if f.pkg != p.Package {
		return false
	}
	if len(p.Functions) == 0 {
		return true
	}
	for _, want := range p.Functions {
		if matchesName(want, f.name) {
			return true
		}
	}
	return false
}

func matchesName(want, name string) bool {
	if prefix, open := strings.CutSuffix(want, "*"); open {
		return strings.HasPrefix(name, prefix)
	}
	rest, ok := strings.CutPrefix(name, want)
	return ok && (rest == "" || strings.HasPrefix(rest, ".func") || strings.HasPrefix(rest, ".gowrap") ||
		strings.HasPrefix(rest, ".deferwrap") || rest == "-fm")
}

func anyMatches(ps []Pattern, f frame) bool {
	for i := range ps {
		if ps[i].matches(f) {
			return true
		}
	}
	return false
}

// verdict is where a sample went and why.
type verdict struct {
	category Category
	space    Space // InKernel or InUser
	known    bool  // a rule decided
	decider  int   // index of the frame that decided, or -1
}

// user reports whether the sample counts to the user share.
func (v verdict) user() bool { return v.space == InUser && v.category != Scheduler }

// classify sorts one stack, leaf first.
func (rs RuleSet) classify(stack []frame) verdict {
	v := verdict{category: Other, space: InUser, decider: -1}
	if len(stack) == 0 {
		return v
	}
	if anyMatches(rs.Entries, stack[0]) {
		v.space = InKernel
	}
	for _, r := range rs.Rules {
		if i := r.fixed(v.space, stack); i >= 0 {
			v.category, v.known, v.decider = r.Category, true, i
			return v
		}
	}
	for i, f := range stack {
		for _, r := range rs.Rules {
			if r.Where == Nearest && r.applies(v.space) && anyMatches(r.Match, f) {
				v.category, v.known, v.decider = r.Category, true, i
				return v
			}
		}
		if !f.standard() && !anyMatches(rs.Transparent, f) {
			v.decider = i
			break
		}
	}
	if v.space == InKernel {
		v.category = KernelOther // whoever made it, a system call is one
	}
	return v
}

func (r Rule) applies(s Space) bool { return r.Space == AnySpace || r.Space == s }

// fixed returns the index of the frame that an AtLeaf or Anywhere rule matches,
// or -1.
func (r Rule) fixed(s Space, stack []frame) int {
	if r.Where == Nearest || !r.applies(s) {
		return -1
	}
	if r.Where == AtLeaf {
		stack = stack[:1]
	}
	for i, f := range stack {
		if anyMatches(r.Match, f) {
			return i
		}
	}
	return -1
}
