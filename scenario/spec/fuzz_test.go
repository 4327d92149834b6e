package spec_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// parses holds a text to what must be true of any: it is read without a panic, twice
// alike, and every mistake has a place in it.
func parses(t *testing.T, src string) {
	o := spec.Options{Algorithms: known{}, Open: func(string) ([]byte, error) { return []byte("1,A,kill\n"), nil }}
	plan, err := spec.Parse("fuzz.yaml", []byte(src), o)
	again, err2 := spec.Parse("fuzz.yaml", []byte(src), o)
	if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
		t.Fatalf("once %v, then %v", err, err2)
	}
	if err == nil {
		if plan == nil || !reflect.DeepEqual(plan.Links, again.Links) || !reflect.DeepEqual(plan.Steps, again.Steps) {
			t.Fatal("the same text made two plans")
		}
		return
	}
	var ps spec.Problems
	if !errors.As(err, &ps) || len(ps) == 0 {
		t.Fatalf("an error that is no problem: %v", err)
	}
	lines := strings.Split(strings.ReplaceAll(src, "\r\n", "\n"), "\n")
	for _, p := range ps {
		if p.Line < 1 || p.Col < 1 || p.What == "" {
			t.Fatalf("a problem without a place: %+v", p)
		}
		if utf8.ValidString(src) && p.Source != "" && p.Source != lines[p.Line-1] {
			t.Fatalf("line %d is not %q", p.Line, p.Source)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add(small)
	f.Add("")
	f.Add("name: x\nnodes: [[[[[]]]]]\n")
	f.Add("a: &a [*a, *a]\n")
	f.Add("? [a]\n: b\n")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) < 4096 { // large generators take time, not thought
			parses(t, src)
		}
	})
}

// FuzzExpectation reads formulas, and evaluates those that are right.
func FuzzExpectation(f *testing.F) {
	for _, e := range []string{
		"throughput(B) = 100KBps ± 2% between 1s and 4s", "min(throughput(A..D)) + 3 * goodput(A -> B) >= 1KiBps",
		"received(all, app a) = sent(A, app a)", "-(1 + 2) * 3 = -9", "alive() = 4 at 2s", "lost() / sent() <= 5%", "1/2 = 0.5",
		"((((((1))))))=1", "throughput(A)/throughput(B)=1±50%", "received(A <-> B) = 0",
	} {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\n") || len(text) > 500 {
			return
		}
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		src := strings.Replace(small, "throughput(B) = 100KBps ± 2% between 1s and 4s", quoted, 1)
		parses(t, src)
		plan, err := spec.Parse("fuzz.yaml", []byte(src), spec.Options{Algorithms: known{}})
		if err != nil {
			return
		}
		v := plan.Expect[0].Evaluate(ramp{plan})
		if v.Found == "" || v.Held && !v.Measured {
			t.Fatalf("%q: %+v", text, v)
		}
	})
}
