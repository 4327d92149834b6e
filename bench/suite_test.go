package bench

import (
	"context"
	"errors"
	"testing"
)

// scripted is a Runner whose points are made up.
type scripted struct {
	calls int
	do    func(call int, s Spec) (Point, error)
}

func (r *scripted) Run(_ context.Context, s Spec) (Point, error) {
	r.calls++
	return r.do(r.calls, s)
}

func good(s Spec) Point {
	return Point{Kind: s.Kind, Pass: s.Pass, Nodes: s.Nodes, Round: s.Round, BytesPerCPUS: 1, TotalBytesPerS: 1}
}

// recorder keeps what Run records.
type recorder struct{ objects []any }

func (r *recorder) record(object any) error {
	r.objects = append(r.objects, object)
	return nil
}

func TestRunRecordsInOrder(t *testing.T) {
	plan, kept := testPlan("a", "b"), new(recorder)
	runner := &scripted{do: func(_ int, s Spec) (Point, error) { return good(s), nil }}
	report, err := Run(t.Context(), Env{Kind: ObjectEnv}, plan, runner, Silent{}, kept.record)
	if err != nil {
		t.Fatal(err)
	}
	specs := plan.Specs()
	if len(kept.objects) != len(specs)+2 || len(report.Points) != len(specs) || report.Interrupted {
		t.Fatalf("%d objects, %d points, interrupted %v; want %d, %d, false",
			len(kept.objects), len(report.Points), report.Interrupted, len(specs)+2, len(specs))
	}
	if env, ok := kept.objects[0].(Env); !ok || env.Kind != ObjectEnv {
		t.Errorf("the first object is %#v, want the environment", kept.objects[0])
	}
	for i, s := range specs {
		if kept.objects[i+1] != good(s) {
			t.Errorf("object %d is %+v, want the point of %+v", i+1, kept.objects[i+1], s)
		}
	}
	if _, ok := kept.objects[len(specs)+1].(Summary); !ok {
		t.Errorf("the last object is %#v, want the summary", kept.objects[len(specs)+1])
	}
}

func TestRunGoesOnAfterFailure(t *testing.T) {
	broken := errors.New("broken")
	plan, kept := testPlan("a", "b"), new(recorder)
	runner := &scripted{do: func(call int, s Spec) (Point, error) {
		if call == 2 {
			return Point{}, broken
		}
		return good(s), nil
	}}
	report, err := Run(t.Context(), Env{}, plan, runner, Silent{}, kept.record)
	if err != nil || report.Interrupted {
		t.Fatalf("error %v, interrupted %v; want neither", err, report.Interrupted)
	}
	if len(report.Failures) != 1 || report.Failures[0].Point != plan.Specs()[1] || report.Failures[0].Error != "broken" {
		t.Errorf("failures %+v, want that of the second point", report.Failures)
	}
	if len(report.Points) != len(plan.Specs())-1 || report.Summary.Failures != 1 {
		t.Errorf("%d points, %d failures in the summary; want %d, 1", len(report.Points), report.Summary.Failures, len(plan.Specs())-1)
	}
}

func TestRunStopsWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	plan, kept := testPlan("a", "b"), new(recorder)
	runner := &scripted{do: func(call int, s Spec) (Point, error) {
		if call == 3 {
			cancel()
			return Point{}, errors.New("killed")
		}
		return good(s), nil
	}}
	report, err := Run(ctx, Env{}, plan, runner, Silent{}, kept.record)
	if err != nil || !report.Interrupted || !report.Summary.Interrupted {
		t.Fatalf("error %v, interrupted %v and %v; want none, true, true", err, report.Interrupted, report.Summary.Interrupted)
	}
	if runner.calls != 3 || len(report.Points) != 2 || len(report.Failures) != 0 {
		t.Errorf("%d calls, %d points, %d failures; want 3, 2, 0", runner.calls, len(report.Points), len(report.Failures))
	}
}

func TestRunCountsViolations(t *testing.T) {
	runner := &scripted{do: func(call int, s Spec) (Point, error) {
		p := good(s)
		if call == 1 {
			p.LostMessages, p.Corrupt = 2, 1
		}
		return p, nil
	}}
	report, err := Run(t.Context(), Env{}, testPlan("a"), runner, Silent{}, new(recorder).record)
	if err != nil || report.Violations() != 3 || report.Summary.Violations != 3 {
		t.Errorf("error %v, violations %d and %d; want none, 3, 3", err, report.Violations(), report.Summary.Violations)
	}
}

func TestRunEndsWhenNothingCanBeRecorded(t *testing.T) {
	full := errors.New("disk full")
	for at := range 4 {
		runner := &scripted{do: func(_ int, s Spec) (Point, error) { return good(s), nil }}
		left := at
		_, err := Run(t.Context(), Env{}, testPlan("a"), runner, Silent{}, func(any) error {
			if left--; left < 0 {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) {
			t.Errorf("object %d could not be recorded; got %v, want %v", at, err, full)
		}
	}
}

func TestRunRefusesBadPlan(t *testing.T) {
	if _, err := Run(t.Context(), Env{}, Plan{}, &scripted{}, Silent{}, new(recorder).record); !errors.Is(err, ErrPlan) {
		t.Errorf("got %v, want %v", err, ErrPlan)
	}
}
