package spec_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// What editors do to a file changes nothing: a byte-order mark, the line ends of
// Windows, both, tabs after values, no line end at the end. Nor does it move mistakes.
func TestTextsOfEditors(t *testing.T) {
	src := strings.Replace(everything, "about: every key of the format", "about: |\n  two\n  lines", 1)
	want := parse(t, src)
	for _, c := range []struct {
		name string
		edit func(string) string
	}{
		{"a byte-order mark", func(s string) string { return "\ufeff" + s }},
		{"line ends of Windows", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
		{"both", func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") }},
		{"no line end at the end", func(s string) string { return strings.TrimRight(s, "\n") }},
		{"spaces at the ends of lines", func(s string) string { return strings.ReplaceAll(s, "seed: 7\n", "seed: 7  \n") }},
	} {
		got, err := spec.Parse("x.yaml", []byte(c.edit(src)), spec.Options{Algorithms: known{}})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.About != want.About || !reflect.DeepEqual(got.Nodes, want.Nodes) || !reflect.DeepEqual(got.Links, want.Links) ||
			!reflect.DeepEqual(got.Apps, want.Apps) && !samePlaces(got, want) || len(got.Steps) != len(want.Steps) || len(got.Expect) != len(want.Expect) {
			t.Errorf("%s: it reads\n%+v, want\n%+v", c.name, got, want)
		}
		for i := range got.Expect {
			if got.Expect[i].Text != want.Expect[i].Text || got.Expect[i].Span != want.Expect[i].Span {
				t.Errorf("%s: %+v, want %+v", c.name, got.Expect[i], want.Expect[i])
			}
		}
		_, err = spec.Parse("x.yaml", []byte(c.edit(strings.Replace(small, "at: 5s", "at: 5 sec", 1))), spec.Options{Algorithms: known{}})
		if err == nil || !strings.HasPrefix(err.Error(), "x.yaml:10:12: \"sec\" is no unit\n") {
			t.Errorf("%s: a mistake is at %v", c.name, err)
		}
	}
}

// samePlaces compares applications without their places.
func samePlaces(a, b *spec.Plan) bool {
	for i := range a.Apps {
		x, y := a.Apps[i], b.Apps[i]
		x.Pace.Span, y.Pace.Span = spec.Span{}, spec.Span{}
		if x != y {
			return false
		}
	}
	return len(a.Apps) == len(b.Apps)
}

// A millionth has two letters that look the same, and a spelling without either.
func TestMicroseconds(t *testing.T) {
	for _, unit := range []string{"us", "\u00b5s", "\u03bcs"} {
		for _, value := range []string{"1500" + unit, "1500 " + unit, "1_500" + unit} {
			p := planOf(t, 0, "A, B", "{link: A -> B, latency: "+value+", jitter: \"uniform(2"+unit+")\"}", "")
			if l := p.Links[0]; l.Latency != 1500*time.Microsecond || l.Spread != 2*time.Microsecond {
				t.Errorf("%s: %+v", value, l)
			}
		}
		plan := parse(t, strings.Replace(small, "100KBps ± 2% between 1s and 4s", "100KBps between 10"+unit+" and 4s", 1))
		if at := plan.Expect[0].Edges(); at[0] != 10*time.Microsecond {
			t.Errorf("%s: the window begins at %v", unit, at[0])
		}
	}
}
