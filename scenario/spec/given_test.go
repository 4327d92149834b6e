package spec_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func TestGivenParams(t *testing.T) {
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{Name: "mine", New: func(scenario.Env) (core.Algorithm, error) { return nil, nil }, Params: []spec.Param{
		{Name: "fanout", Kind: spec.Whole, Default: 3},
		{Name: "share", Kind: spec.Probability},
		{Name: "every", Kind: spec.Time, Default: time.Second},
		{Name: "mode", Kind: spec.Text, Default: "eager"},
	}})
	got, err := spec.GivenParams(r, "mine", map[string]string{"share": "50%", "every": "200ms"})
	if want := (spec.Params{"fanout": 3, "share": 0.5, "every": 200 * time.Millisecond, "mode": "eager"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, c := range []struct {
		name  string
		given map[string]string
		says  []string
	}{
		{"mien", nil, []string{`no algorithm "mien"`, `Did you mean "mine"?`}},
		{"mine", nil, []string{`needs the parameter "share"`, "Add share: a share such as 50%"}},
		{"mine", map[string]string{"share": "2"}, []string{"share is from 0 to 1"}},
		{"mine", map[string]string{"share": "0.5", "evry": "1s", "fanout": "x"}, []string{`no parameter "evry"`, `Did you mean "every"?`, "a number belongs here"}},
		{"mine", map[string]string{"share": "0.5", "every": "5"}, []string{"a unit is missing"}},
		{"relay", map[string]string{"name": "x"}, []string{`"relay" has no parameter "name"`}},
		{"relay", map[string]string{"p": "1"}, []string{`"relay" has no parameter "p"`}},
	} {
		_, err := spec.GivenParams(r, c.name, c.given)
		for _, says := range c.says {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s %v: %v, without %q", c.name, c.given, err, says)
			}
		}
	}
}
