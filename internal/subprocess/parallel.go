package subprocess

import (
	"context"
	"errors"
	"sync"
)

// Parallel calls start for 0 to n-1, at most limit at a time, and returns when all that were called have returned. After
// the first error, or when ctx ends, the context that start is given ends and no more are called. The error joins those
// of the calls that failed by themselves.
func Parallel(ctx context.Context, n, limit int, start func(ctx context.Context, i int) error) error {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := make(chan struct{}, max(limit, 1))
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			err := start(ctx, i)
			if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return // it was only told to stop
			}
			errs[i] = err
			cancel()
		})
	}
	all.Wait()
	if err := outer.Err(); err != nil {
		errs = append(errs, context.Cause(outer))
	}
	return errors.Join(errs...)
}
