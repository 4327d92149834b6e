package library

import (
	"os"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
)

// What is claimed of the mesh holds for a small file and a few nodes.
func TestMesh(t *testing.T) {
	if raceOn {
		t.Skip("one goroutine, and minutes of it")
	}
	rows, err := Mesh(t.Context(), Options{Seed: 1, Short: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !r.Held {
			t.Errorf("%s: measured %v", r.What, r.Measured)
		}
	}
	if testing.Verbose() {
		if err := Table(os.Stdout, rows); err != nil {
			t.Error(err)
		}
	}
}

// The bound is that of the uplinks together, of the source, or of the slowest downlink, whichever is longest.
func TestMeshBound(t *testing.T) {
	for _, c := range []struct {
		bytes, n int
		want     time.Duration
	}{
		{2_000_000, 1, 2_000_000 * time.Second / time.Duration(meshDown*128*emul.KBps)},
		{4_816_000, 6, 6 * time.Second},
	} {
		if got := meshBound(c.bytes, c.n); got.Round(time.Millisecond) != c.want.Round(time.Millisecond) {
			t.Errorf("%d bytes to %d nodes: %v, want %v", c.bytes, c.n, got, c.want)
		}
	}
}
