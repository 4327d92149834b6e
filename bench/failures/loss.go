package failures

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lossTime is for how long packets are lost: lossPercent of them at random, or, where
// the kernel has no netem, all of them for flapTime in every flapEvery.
const (
	lossTime    = 3 * time.Second
	lossPercent = 5
	flapTime    = 50 * time.Millisecond
	flapEvery   = 500 * time.Millisecond
)

// loss must end no link, lose no message and bring none out of order.
func loss(ctx context.Context, s Spec, n *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.there(n))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	before, err := nodes[1].report(ctx)
	if err != nil {
		return Trial{}, err
	}
	how := fmt.Sprintf("netem, %d%%", lossPercent)
	if n.lose(ctx, lossPercent) == nil {
		err = pause(ctx, lossTime)
	} else {
		how = fmt.Sprintf("all for %v in every %v", flapTime, flapEvery)
		err = n.flap(ctx)
	}
	if err != nil {
		return Trial{}, err
	}
	e, err := nodes[0].await(ctx, flapEvery, is("link-down", ""))
	if !errors.Is(err, errMissed) {
		return Trial{}, errors.Join(err, endedFor(e.Event, e.Reason))
	}
	after, err := nodes[1].report(ctx)
	if err == nil && after.Messages == before.Messages {
		err = errors.New("nothing arrives")
	}
	if bad := after.Lost + after.OutOfOrder + after.Corrupt; bad > 0 {
		err = errors.Join(err, fmt.Errorf("%d messages lost, out of order or corrupt", bad))
	}
	return Trial{Noticed: "nothing", Messages: after.Messages - before.Messages, How: how}, err
}

// flap takes the middle of the link away again and again, for lossTime.
func (n *nets) flap(ctx context.Context) error {
	for range lossTime / flapEvery {
		err := n.cut(ctx)
		if err == nil {
			err = pause(ctx, flapTime)
		}
		if err == nil {
			err = n.join(ctx)
		}
		if err == nil {
			err = pause(ctx, flapEvery-flapTime)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
