package spec

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
)

// Options of reading a scenario.
type Options struct {
	Algorithms Algorithms
	Seed       *uint64    // replaces the file's
	Override   []Override // replace values of the file, in order
	// Open reads a file that the scenario names; nil means beside the scenario.
	Open func(name string) ([]byte, error)
}

// Load reads a scenario file. What is wrong with its text is a Problems; any other
// error means that the file could not be read.
func Load(path string, o Options) (*Plan, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	if o.Open == nil {
		o.Open = func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(filepath.Dir(path), name)) }
	}
	return Parse(path, src, o)
}

// withoutMark is a text without the byte-order mark that some editors put before
// UTF-8.
func withoutMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\ufeff")) }

// Parse reads a scenario from its text. The name is for messages.
func Parse(name string, src []byte, o Options) (*Plan, error) {
	src = withoutMark(src)
	r := newReporter(name, src)
	t := parseTree(r, src)
	if t == nil || len(r.found) > 0 {
		return nil, r.err()
	}
	for _, one := range o.Override {
		r.override(t, one)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	d := &decoder{reporter: r, algorithms: o.Algorithms}
	var f File
	d.value(t, reflect.ValueOf(&f).Elem())
	if err := r.err(); err != nil {
		return nil, err // what does not parse cannot be resolved
	}
	if o.Seed != nil {
		f.Seed = *o.Seed
	}
	p := resolve(d, &f, o)
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Expectation reads one more expectation of a plan, for tests. What is wrong with it is
// a Problems.
func (p *Plan) Expectation(text string) (*Expectation, error) {
	r := newReporter("expectation", []byte(text))
	d := &decoder{reporter: r}
	var v Expectation
	v.read(d, &tree{shape: shapeText, at: Span{1, 1, len(text)}, text: text})
	if len(r.found) == 0 {
		(&resolver{decoder: d, plan: p}).expectation(&v)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return &v, nil
}
