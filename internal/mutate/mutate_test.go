package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const toy = "testdata/toy/toy.go"

// What is changed in the toy, in order.
func TestMutants(t *testing.T) {
	ms, err := mutantsOf(toy)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`Clamp: if "v < 0" negated`, `Clamp: if "v < 0" does nothing`,
		`Clamp: "v < 0" with <= for <`, `Clamp: "v < 0" with >= for <`, `Clamp: 0 is 0+1`, `Clamp: 0 is 0+1 (2)`,
		`Clamp: if "v > most" negated`, `Clamp: if "v > most" does nothing`,
		`Clamp: "v > most" with >= for >`, `Clamp: "v > most" with <= for >`, `Clamp: "v = most" deleted`,
		`Watched: "fn()" deleted`, `Watched: "return true" with !true`,
	}
	var got []string
	for _, m := range ms {
		got = append(got, strings.TrimPrefix(m.key(), toy+" "))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every mutant is a change, and nothing but a change: the rest of the file stays.
func TestApply(t *testing.T) {
	src, err := os.ReadFile(toy)
	if err != nil {
		t.Fatal(err)
	}
	ms, err := mutantsOf(toy)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ms {
		out := m.apply(src)
		if bytes.Equal(out, src) || !bytes.HasPrefix(out, src[:m.begin]) || !bytes.HasSuffix(out, src[m.end:]) {
			t.Errorf("%s makes\n%s", m.key(), out)
		}
	}
}

// The whole tool on the toy: the survivors are those that its tests cannot see, and one that nobody explains is a failure.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and tests a package 13 times")
	}
	equal := []string{`"v < 0" with <= for <`, `0 is 0+1`, `"v > most" with >= for >`}
	list := filepath.Join(t.TempDir(), "survivors.txt")
	lines := "# equivalents\n"
	for _, e := range equal {
		lines += toy + " Clamp: " + e + "  # the value is the bound either way\n"
	}
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	clean, err := run(t.Context(), options{list: list, timeout: time.Minute, targets: []string{toy}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	said := out.String()
	if clean || strings.Count(said, ": survived: ") != len(equal)+1 || strings.Count(said, "NOT EXPLAINED") != 1 ||
		!strings.Contains(said, toy+":17: survived: "+toy+` Watched: "fn()" deleted`) {
		t.Errorf("clean is %t and the output is\n%s", clean, said)
	}
}

// A survivor without a reason is no explanation.
func TestKnown(t *testing.T) {
	list := filepath.Join(t.TempDir(), "survivors.txt")
	for text, ok := range map[string]bool{
		"": true, "# nothing\n\n": true, "a.go f: x  # because\n": true, "a.go f: x\n": false, "a.go f: x  # \n": false,
	} {
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readKnown(list); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if k, err := readKnown(filepath.Join(t.TempDir(), "none")); err != nil || len(k) != 0 {
		t.Errorf("a list that is not there: %v, %v", k, err)
	}
}

// The same seed takes the same sample, another takes another.
func TestSample(t *testing.T) {
	keys := func(seed uint64) (ks []string) {
		ms, err := choose(options{sample: 5, seed: seed, targets: []string{toy}})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range ms {
			ks = append(ks, m.key())
		}
		return ks
	}
	if a, b := keys(1), keys(1); len(a) != 5 || !slices.Equal(a, b) {
		t.Errorf("%v, then %v", a, b)
	}
	if slices.Equal(keys(1), keys(2)) {
		t.Error("two seeds take one sample")
	}
	if _, err := choose(options{targets: []string{"testdata"}}); err == nil {
		t.Error("a folder without code is no error")
	}
}
