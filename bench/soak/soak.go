package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
)

// Spec says what to run.
type Spec struct {
	Duration  time.Duration
	Seed      uint64
	Nodes     int           // 8 and up
	Sessions  int           // each along pathLength nodes
	Rate      float64       // messages a second of a session
	Strangers int           // at a time
	Round     time.Duration // how long a round takes; its last quarter is calm
	Progress  func(Sample)  // after each round; may be nil
}

// Check says what is wrong with a spec.
func (s Spec) Check() error {
	if s.Duration <= 0 || s.Round <= 0 || s.Nodes < 8 || s.Sessions < 1 || !(s.Rate > 0) || s.Strangers < 0 {
		return fmt.Errorf("soak: %+v: want a time, 8 nodes or more, a session or more and a rate", s)
	}
	return nil
}

// Result is what came of a run.
type Result struct {
	Kind        string   `json:"kind"` // "soak"
	Seed        uint64   `json:"seed"`
	Nodes       int      `json:"nodes"`
	Sessions    int      `json:"sessions"`
	Seconds     float64  `json:"seconds"`
	Interrupted bool     `json:"interrupted,omitempty"`
	Restarts    int      `json:"restarts"`  // of nodes, in order and crashed
	Strangers   int      `json:"strangers"` // that came
	Books       Books    `json:"books"`
	Levels      []Level  `json:"levels"`
	Samples     []Sample `json:"samples"`
	Failed      []string `json:"failed"` // the checks that do not hold, in words
}

// Run runs a soak until its time is up or ctx ends, and judges it. An error means that it
// could not be run; what does not hold is in the result.
func Run(ctx context.Context, s Spec) (Result, error) {
	r := Result{Kind: "soak", Seed: s.Seed, Nodes: s.Nodes, Sessions: s.Sessions, Samples: []Sample{}, Failed: []string{}}
	if err := s.Check(); err != nil {
		return r, err
	}
	o, err := newOverlay(s)
	if err != nil {
		return r, err
	}
	defer o.eng.Close()
	began := time.Now()
	crowd := &strangers{rng: rand.New(rand.NewPCG(s.Seed, 2))}
	defer crowd.leave()
	for err == nil && ctx.Err() == nil && time.Since(began) < s.Duration {
		if err = o.round(ctx, s, crowd); err == nil && ctx.Err() == nil {
			var sample Sample
			if sample, err = o.sample(began); err == nil {
				r.Samples = append(r.Samples, sample)
				if s.Progress != nil {
					s.Progress(sample)
				}
			}
		}
	}
	crowd.leave()
	r.Seconds, r.Interrupted = time.Since(began).Seconds(), ctx.Err() != nil
	r.Restarts, r.Strangers = o.ends, crowd.count
	books, quietErr := o.quiet()
	if err == nil {
		err = quietErr
	}
	r.Books = books
	r.judge()
	return r, err
}

// judge says what does not hold.
func (r *Result) judge() {
	r.Levels = judge(r.Samples)
	for _, l := range r.Levels {
		switch {
		case l.Judged == 0 && !r.Interrupted:
			r.Failed = append(r.Failed, fmt.Sprintf("%s could not be judged: %d rounds are too few", l.What, len(r.Samples)))
		case !l.Holds():
			r.Failed = append(r.Failed, l.String())
		}
	}
	if n := r.Books.Balance(); n != 0 {
		r.Failed = append(r.Failed, fmt.Sprintf("of %d messages %d were received and %d counted as lost: %d are unaccounted for", r.Books.Sent, r.Books.Received, r.Books.Lost, n))
	}
	if r.Books.Delivered == 0 {
		r.Failed = append(r.Failed, "no session brought a message to its end")
	}
}

// round is one round of loads and its calm.
func (o *overlay) round(ctx context.Context, s Spec, crowd *strangers) error {
	ends := time.Now().Add(s.Round)
	calm := ends.Add(-s.Round / 4)
	step := max(s.Round/40, 20*time.Millisecond)
	slow := map[int]bool{}
	for i := 0; time.Now().Before(calm) && ctx.Err() == nil; i++ {
		at := o.rng.IntN(len(o.lives))
		var err error
		switch i % 5 {
		case 0:
			err = o.restart(ctx, at, o.rng.IntN(2) == 0)
			delete(slow, at)
		case 1:
			err = o.cut(at)
		case 2:
			slow[at] = true
			err = o.throttle(at, []emul.Rate{10_000, 100_000, 1_000_000}[o.rng.IntN(3)])
		case 3:
			crowd.come(o.ids, min(s.Strangers-len(crowd.conns), max(1, s.Strangers/6)))
		case 4:
			err = o.storm(at)
		}
		if err != nil {
			return err
		}
		pause(ctx, step)
	}
	crowd.leave()
	for at, l := range o.lives {
		if err := l.alive(); err != nil {
			return err
		}
		if slow[at] {
			if err := o.throttle(at, 0); err != nil {
				return err
			}
		}
	}
	pause(ctx, time.Until(ends))
	o.close(time.Now())
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// sample reads what the process holds.
func (o *overlay) sample(began time.Time) (s Sample, err error) {
	s = Sample{Seconds: time.Since(began).Seconds(), Goroutines: int64(runtime.NumGoroutine()), Slabs: int64(o.eng.Pool().Held())}
	if s.RSS, err = residentBytes(); err != nil {
		return s, err
	}
	if entries, err := os.ReadDir("/dev/fd"); err == nil { // Linux and darwin; elsewhere it is 0, which is level
		s.Descriptors = int64(len(entries))
	}
	return s, nil
}
