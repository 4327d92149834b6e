package algos_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
)

// bare is an algorithm of which all is its own.
type bare struct{}

func (bare) Bind(*core.Node)                {}
func (bare) Process(*core.Msg) core.Verdict { return core.Done }

func TestBaseOf(t *testing.T) {
	r := relay.New(nil)
	deep := struct{ *relay.Relay }{r}
	if got := algos.BaseOf(deep); got != &r.Base {
		t.Errorf("%p, want %p", got, &r.Base)
	}
	if algos.BaseOf(bare{}) != nil {
		t.Error("an algorithm without a Base has one")
	}
}
