package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// The format has its own idea of which types are an algorithm's, since it knows no wire.
func TestTypesOfSends(t *testing.T) {
	if spec.FirstSendType != wire.FirstAlgorithmType || spec.LastSendType != wire.MaxType {
		t.Errorf("%d to %d", spec.FirstSendType, spec.LastSendType)
	}
	newNothing := func(host.Env) (core.Algorithm, error) { return nil, nil }
	for _, c := range []struct {
		name string
		of   core.Type
		ok   bool
	}{{"mine", 1024, true}, {"kit", 256, true}, {"last", wire.MaxType, true}, {"engine", 255, false}, {"data", wire.TypeData, false}, {"above", wire.MaxType + 1, false}, {"", 1024, false}} {
		said := func() (v any) {
			defer func() { v = recover() }()
			r := host.Shipped()
			r.Add(host.Algorithm{Name: "x", New: newNothing, Types: map[string]core.Type{c.name: c.of}})
			if got := r.Types("x")[c.name]; got != uint16(c.of) {
				t.Errorf("%q is %d", c.name, got)
			}
			return nil
		}()
		if (said == nil) != c.ok || !c.ok && !strings.Contains(fmt.Sprint(said), `"x"`) {
			t.Errorf("%q, type %d: %v", c.name, uint16(c.of), said)
		}
	}
	if host.Shipped().Types("none such") != nil || len(host.Shipped().Types("relay")) != 0 {
		t.Error("names for types that nobody has given")
	}
}
