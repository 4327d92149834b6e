package host

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Parameters of SWIM that make no sense are refused by their names.
func TestSwimParameters(t *testing.T) {
	a := newSwim()
	for _, c := range []struct {
		name  string
		value any
	}{
		{"", nil}, {"timeout", time.Second}, {"timeout", time.Microsecond}, {"period", 100 * time.Millisecond},
		{"helpers", 1025}, {"news", 0}, {"spread", 0}, {"suspicion", 1025}, {"reconnect", 0},
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
