package bench

import (
	"context"
	"strings"
)

// OtherBuild ends the names of kinds that another build of the program measures.
const OtherBuild = "@build"

// WithOtherBuild adds the kinds of another build to those of this one: its links, as
// baselines.
func WithOtherBuild(kinds []Kind) []Kind {
	both := kinds
	for _, k := range kinds {
		if k.Role == RoleLink {
			both = append(both, Kind{Name: k.Name + OtherBuild, Role: RoleBaseline})
		}
	}
	return both
}

// Builds is a Runner that has another build of the program measure the kinds that are
// named so: what a change has cost, rounds interleaved in one run.
type Builds struct{ This, Other Process }

// Run implements Runner.
func (b Builds) Run(ctx context.Context, s Spec) (Point, error) {
	kind, other := strings.CutSuffix(s.Kind, OtherBuild)
	if !other {
		return b.This.Run(ctx, s)
	}
	s.Kind = kind
	p, err := b.Other.Run(ctx, s)
	p.Kind = kind + OtherBuild
	return p, err
}
