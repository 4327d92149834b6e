package wire

import (
	"fmt"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

func TestSteadyStreamsDoNotAllocate(t *testing.T) {
	if bufpool.Tracing {
		t.Log("the tracing build of bufpool allocates for its records; only the plain build is measured")
		return
	}
	for _, payload := range []int{0, 64, 5120, 100000, 300000} {
		for _, chunk := range []int{1 << 20, 30000, 1448} {
			t.Run(fmt.Sprintf("payload %d chunk %d", payload, chunk), func(t *testing.T) {
				stage, f := NewStage(bufpool.New(bufpool.Options{})), Framer{}
				stream := uniform(max(4, 200000/(payload+HeaderSize)), payload)
				turn := func() { feed(t, &f, stage, stream, chunk) }
				turn()
				if allocs := testing.AllocsPerRun(5, turn); allocs != 0 {
					t.Errorf("%v allocations", allocs)
				}
			})
		}
	}
}
