package bench

import (
	"context"
	"time"
)

// WarmUp waits for the first message to reach the end of a chain and then for d.
func WarmUp(ctx context.Context, chain Chain, d time.Duration) error { return warmUp(ctx, chain, d) }
