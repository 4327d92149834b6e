package core

import (
	"testing"

	"pgregory.net/rapid"
)

// TestLanesComeAndGo: whatever lanes come, end and get other weights, in any order,
// the list, the index and the quanta are what a walk over all says (check).
func TestLanesComeAndGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{Quantum: 1000})
		defer w.close()
		n := w.node(0, nil)
		var lanes []*feeder
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			from, app := rapid.IntRange(1, 12).Draw(t, "from"), uint32(rapid.IntRange(0, 3).Draw(t, "application"))
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				lanes = append(lanes, w.feeder(n, from, app))
			case 2:
				if len(lanes) > 0 {
					rapid.SampledFrom(lanes).Draw(t, "lane").lane.End(ReasonClosed, nil)
				}
			case 3:
				n.SetWeight(nodeID(from), app, rapid.IntRange(1, 4).Draw(t, "weight"))
			case 4:
				if app > 0 {
					w.source(n, app, uint64(rapid.IntRange(0, 2).Draw(t, "messages")))
					n.SetWeight(NodeID{}, app, rapid.IntRange(1, 4).Draw(t, "weight"))
				}
			case 5:
				n.CloseUpstream(nodeID(from))
			}
			w.check()
			w.run()
			w.check()
		}
	})
}
