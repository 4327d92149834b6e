package bench

import "testing"

func TestAnotherBuildMeasuresItsKinds(t *testing.T) {
	this := child(t, "serve")
	b := Builds{This: this, Other: this}
	for _, kind := range []string{"raw", "raw" + OtherBuild} {
		p, s := measureSome(t, tinySpec(kind, PassThroughput, 2), func(s Spec) (Point, error) {
			return b.Run(t.Context(), s)
		})
		checkPoint(t, p, s)
	}
	b.Other.Path = "/nonexistent"
	if _, err := b.Run(t.Context(), tinySpec("raw"+OtherBuild, PassThroughput, 2)); err == nil {
		t.Error("a build that does not exist measured something")
	}
}

func TestOtherBuildsAreBaselines(t *testing.T) {
	kinds := WithOtherBuild([]Kind{{Name: "tcp", Role: RoleLink}, {Name: "raw", Role: RoleBaseline}})
	if got := KindNames(kinds, RoleBaseline); len(got) != 2 || got[1] != "tcp"+OtherBuild {
		t.Errorf("baselines %v", got)
	}
}
