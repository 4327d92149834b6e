package host

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Parameters of the mesh that make no sense are refused by their names.
func TestMeshParameters(t *testing.T) {
	a := newMesh()
	for _, c := range []struct {
		name  string
		value any
	}{
		{"", nil}, {"size", 0}, {"size", 1<<30 + 1}, {"block", 255}, {"block", 1<<20 + 1}, {"start", "half"}, {"peers", 0}, {"peers", 256},
		{"in-flight", 0}, {"in-flight", 256}, {"round", time.Microsecond}, {"timeout", time.Microsecond},
	} {
		params := spec.Params{}
		for _, p := range a.Params {
			params[p.Name] = p.Default
		}
		if c.name != "" {
			params[c.name] = c.value
		}
		_, err := a.New(Env{Params: params})
		if wrong := c.name != ""; (err != nil) != wrong || wrong && !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s of %v: the error is %v", c.name, c.value, err)
		}
	}
	params := spec.Params{}
	for _, p := range a.Params {
		params[p.Name] = p.Default
	}
	params["size"], params["block"] = 1<<24+1, 256
	if _, err := a.New(Env{Params: params}); err == nil || !strings.Contains(err.Error(), "65536 blocks") {
		t.Errorf("of 65,537 blocks: %v", err)
	}
}
