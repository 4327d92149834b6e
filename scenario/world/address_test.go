package world

import (
	"testing"

	"github.com/ioverlay/ioverlay/core"
)

// Runs at the same time have addresses of their own.
func TestRunsDoNotMeet(t *testing.T) {
	seen := make(map[core.NodeID]bool)
	for range 30 {
		c, err := loopback(3)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.release(); err != nil {
				t.Error(err)
			}
		})
		for _, id := range c.ids {
			if seen[id] {
				t.Fatalf("two runs have a node at %v", id)
			}
			seen[id] = true
		}
	}
}
