package observer

import (
	"testing"

	"github.com/ioverlay/ioverlay/core"
)

// The nodes of a scenario have an address of the loopback each, so all of it is one host.
func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"10.0.0.1:1", "10.0.0.1:2", true}, {"10.0.0.1:1", "10.0.0.2:1", false}, {"127.0.0.1:1", "127.208.0.2:7000", true},
		{"[::1]:1", "127.0.0.1:1", true}, {"127.0.0.1:1", "10.0.0.1:1", false}, {"[fd00::1]:1", "[fd00::1]:2", true},
	} {
		a, err1 := core.ParseNodeID(c.a)
		b, err2 := core.ParseNodeID(c.b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := sameHost(a, b); got != c.same {
			t.Errorf("%s and %s are on one host: %v", c.a, c.b, got)
		}
	}
}
