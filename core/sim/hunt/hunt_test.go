package hunt_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// crash is one fault.
func crash(at time.Duration, node string) sim.Fault {
	return sim.Fault{At: at, Kind: sim.Crash, Nodes: []string{node}}
}

// fixture fails for seeds from 40 on that are 1 mod 3, if there are at least 5
// nodes, the crashes of n2 and n3 both, and 4 seconds.
func fixture(_ context.Context, c hunt.Case) (hunt.Outcome, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(c.Faults, func(f sim.Fault) bool { return f.Nodes[0] == name })
	}
	if c.Seed >= 40 && c.Seed%3 == 1 && c.Nodes >= 5 && has("n2") && has("n3") && c.Duration >= 4*time.Second {
		return hunt.Outcome{Failure: "they disagree", FailedAt: 4 * time.Second}, nil
	}
	return hunt.Outcome{}, nil
}

func plan(workers int) hunt.Plan {
	return hunt.Plan{
		First: 1, Last: 1000, Workers: workers, Run: fixture,
		Make: func(seed uint64) hunt.Case {
			c := hunt.Case{Seed: seed, Nodes: 100, Duration: time.Minute}
			for i := range 20 {
				c.Faults = append(c.Faults, crash(time.Duration(i)*time.Second, fmt.Sprint("n", i)))
			}
			return c
		},
		Command: func(c hunt.Case) string {
			return fmt.Sprintf("ioverlay sim x.yaml --seed %d --nodes %d", c.Seed, c.Nodes)
		},
	}
}

func TestFindsTheSmallest(t *testing.T) {
	var first *hunt.Found
	for _, workers := range []int{1, 2, 7} {
		f, err := hunt.Hunt(t.Context(), plan(workers))
		if err != nil {
			t.Fatal(err)
		}
		want := hunt.Case{Seed: 40, Nodes: 5, Duration: 4 * time.Second, Faults: []sim.Fault{crash(2*time.Second, "n2"), crash(3*time.Second, "n3")}}
		if f == nil || f.Seed != 40 || !reflect.DeepEqual(f.Smallest, want) {
			t.Fatalf("%d workers found %+v", workers, f)
		}
		if len(f.Original.Faults) != 20 || f.Original.Nodes != 100 {
			t.Errorf("the original was changed: %+v", f.Original)
		}
		if first == nil {
			first = f
		} else if !reflect.DeepEqual(first.Smallest, f.Smallest) {
			t.Errorf("%d workers found something else", workers)
		}
	}
	text := first.String()
	for _, part := range []string{"seed 40", "they disagree", "2s crash n2", "ioverlay sim x.yaml --seed 40 --nodes 5"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

func TestNothingFails(t *testing.T) {
	p := plan(3)
	p.Last = 39
	runs := uint64(0)
	p.Progress = func(n uint64) { runs = n }
	f, err := hunt.Hunt(t.Context(), p)
	if f != nil || err != nil || runs != 39 {
		t.Errorf("found %v, %v after %d runs", f, err, runs)
	}
}

func TestRunsOutOfRuns(t *testing.T) {
	p := plan(2)
	p.ShrinkRuns = 3
	f, err := hunt.Hunt(t.Context(), p)
	if err != nil || f == nil || f.Shrinks > 3 {
		t.Errorf("found %+v, %v", f, err)
	}
}

func TestRunnerFails(t *testing.T) {
	broken := errors.New("no such file")
	p := plan(2)
	p.Run = func(context.Context, hunt.Case) (hunt.Outcome, error) { return hunt.Outcome{}, broken }
	if f, err := hunt.Hunt(t.Context(), p); f != nil || !errors.Is(err, broken) {
		t.Errorf("found %v, %v", f, err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := plan(2)
	p.Run = func(ctx context.Context, c hunt.Case) (hunt.Outcome, error) {
		if c.Seed == 10 {
			cancel()
		}
		return hunt.Outcome{}, nil
	}
	if f, err := hunt.Hunt(ctx, p); f != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("found %v, %v", f, err)
	}
}

// A failure that was found is not thrown away because a smaller seed was interrupted: it is
// told as it is, not made smaller.
func TestInterruptedWithAFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := plan(2)
	p.First, p.Last = 39, 40
	p.Run = func(ctx context.Context, c hunt.Case) (hunt.Outcome, error) {
		if c.Seed == 39 { // takes until it is interrupted
			<-ctx.Done()
			return hunt.Outcome{}, ctx.Err()
		}
		defer cancel()
		return fixture(ctx, c)
	}
	f, err := hunt.Hunt(ctx, p)
	if !errors.Is(err, context.Canceled) || f == nil {
		t.Fatalf("found %v, %v", f, err)
	}
	if f.Seed != 40 || f.Runs != 1 || f.Shrinks != 0 || !reflect.DeepEqual(f.Smallest, p.Make(40)) || f.Command != p.Command(f.Smallest) {
		t.Errorf("found %+v", f)
	}
}

// An error that is no interruption ends a hunt whatever larger seeds did: one worker would
// never have run them.
func TestSmallerSeedCannotBeRun(t *testing.T) {
	broken := errors.New("no such file")
	p := plan(2)
	p.First, p.Last = 39, 40
	failed := make(chan struct{})
	p.Run = func(ctx context.Context, c hunt.Case) (hunt.Outcome, error) {
		if c.Seed == 39 {
			<-failed
			return hunt.Outcome{}, broken
		}
		defer close(failed)
		return fixture(ctx, c)
	}
	if f, err := hunt.Hunt(t.Context(), p); f != nil || !errors.Is(err, broken) {
		t.Errorf("found %v, %v", f, err)
	}
}
