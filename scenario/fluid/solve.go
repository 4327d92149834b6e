package fluid

import (
	"fmt"
	"math"
)

// solve finds the rates of sources at which every source sends what all limits grant
// it, and no less: each in turn takes the least that it is offered, until nobody changes.
// Who takes more than its fair share gives it back when the others have asked. Where two limits are full at once there may be several such
// states, and this is one of them.
func solve(all []limit, sources int) ([]float64, error) {
	const rounds, near = 10_000, 1e-9
	x := make([]float64, sources)
	for range rounds {
		change := 0.0
		for s := range x {
			offer := math.Inf(1)
			for i := range all {
				offer = min(offer, all[i].offers(s, x))
			}
			if math.IsInf(offer, 1) {
				return nil, fmt.Errorf("fluid: nothing limits source %d of %d", s+1, sources)
			}
			change = max(change, math.Abs(offer-x[s])/offer)
			x[s] = offer
		}
		if change < near {
			return x, nil
		}
	}
	return nil, fmt.Errorf("fluid: %d sources come to no steady state", sources)
}
