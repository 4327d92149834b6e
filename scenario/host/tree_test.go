package host

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Parameters of trees that make no sense are refused by their names.
func TestTreeParameters(t *testing.T) {
	a := newTree()
	for _, c := range []struct {
		name  string
		value any
	}{
		{"", nil}, {"policy", "best"}, {"refine", "perhaps"}, {"period", time.Microsecond}, {"patience", 1}, {"patience", 1025}, {"retry", time.Duration(0)},
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
}
