package host

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Parameters of service federation that make no sense are refused by their names.
func TestSFlowParameters(t *testing.T) {
	a := newSFlow()
	for _, c := range []struct {
		name  string
		value any
	}{
		{"", nil}, {"service", "scale <"}, {"does", "wonders"}, {"choose", "best"}, {"period", time.Microsecond}, {"patience", 1}, {"patience", 1025},
		{"fresh", -time.Second}, {"timeout", time.Duration(0)},
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
