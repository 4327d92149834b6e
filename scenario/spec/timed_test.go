package spec_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// What is about times is the machine's too in real time, whoever counts them.
func TestTimed(t *testing.T) {
	for expectation, want := range map[string]bool{
		"metric(hops, A) < 3":              false,
		"metric(hops, A) < 3 after 1s":     true,
		"p99(metric(rtt, all)) < 100ms":    true,
		"throughput(A) > 1KBps":            true,
		"received(A) = 1":                  false,
		"latency(A) < 1s":                  true,
		"coverage(A) >= 99% within 100ms":  true,
		"2 * metric(rtt, A) <= 1s + 200ms": true,
	} {
		p, err := spec.Parse("x.yaml", []byte("name: x\nduration: 9s\nnodes: [A, B]\nlinks: [B -> A]\napplications: [{name: a, at: B, source: back-to-back}]\nexpect: [\""+expectation+"\"]\n"), spec.Options{Algorithms: known{}})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Expect[0].Timed(); got != want {
			t.Errorf("%s: timed is %v, want %v", expectation, got, want)
		}
	}
}
