package engine

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
)

// A node that is to send to itself is not started, by whatever name it is called.
func TestANodeIsNotItsOwnDownstream(t *testing.T) {
	const bound, known = "127.77.1.2:7101", "198.51.100.7:7000"
	e := newEngine(t, Options{Loops: 1})
	for _, to := range []string{bound, known} {
		id, err := core.ParseNodeID(to)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.AddNode(relay.New(nil, stranger(1), id), NodeOptions{Listen: bound, Advertise: known})
		if err == nil || !strings.Contains(err.Error(), "has itself ("+to+") as a downstream") {
			t.Errorf("a node with %s as its downstream: %v", to, err)
		}
	}
	e.add(t, relay.New(nil, stranger(1)), NodeOptions{Listen: bound, Advertise: known}) // its port is free again
}
