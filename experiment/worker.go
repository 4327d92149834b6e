package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/experiment/stats"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// row is a task's before it has run, but for the build: runner knows whose it is.
func (t task) row() Row {
	return Row{Key: t.key, World: t.cell.e.World, Levels: t.cell.Levels(), Seed: t.seed, Status: Ok}
}

// do runs a task in this process. Whatever goes wrong with it is in its row; it has none if it was interrupted.
func (t task) do(ctx context.Context, o Options) (a workerRow) {
	began := time.Now()
	a.Row = t.row()
	row := &a.Row
	defer func() {
		if v := recover(); v != nil { // of what makes the algorithms: the worlds catch the rest
			row.fail(fmt.Errorf("a panic outside of the nodes: %v\n%s", v, debug.Stack()))
		}
		row.WallS = time.Since(began).Seconds()
	}()
	p, err := t.cell.plan(t.seed, o.Registry)
	if err != nil {
		row.fail(err)
		return a
	}
	run, err := scenario.Run(ctx, p.plan, scenario.Options{
		World: t.cell.e.World, Registry: o.Registry, Child: o.Child, TCPOnly: o.TCPOnly, Command: o.Command, HangAfter: o.HangAfter})
	a.Hung = errors.Is(err, scenario.ErrHung)
	switch {
	case a.Hung:
		row.fail(err)
		return a
	case ctx.Err() != nil && (err != nil || run == nil || run.Stopped):
		a.Interrupted = true
		return a
	case err != nil:
		row.fail(err)
		return a
	case run == nil:
		row.fail(errors.New("nothing was measured"))
		return a
	}
	if w := run.Warnings(); len(w) > 0 { // so that a row is the same before and after the file
		row.Warnings = w
	}
	row.judge(run.Verdicts)
	if v := run.Violated; v != nil {
		row.fail(fmt.Errorf("an invariant did not hold, which ended the run: %v", v)) // figures of a part would be taken for those of a whole
		return a
	}
	row.measure(t.cell.e.Measures, p.formulas, run)
	return a
}

// fail says that there is no run. The first lines of a panic say all that fits.
func (row *Row) fail(err error) {
	const most = 4000
	text := err.Error()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " [...]"
	}
	row.Status, row.Error = Failed, text
}

// judge says which expectations did not hold.
func (row *Row) judge(verdicts []spec.Verdict) {
	var bad []string
	for _, v := range verdicts {
		if !v.Held {
			bad = append(bad, fmt.Sprintf("%s: found %s", v.Expectation, v.Found))
		}
	}
	if len(bad) > 0 {
		row.Status, row.Error = Violated, strings.Join(bad, "; ")
	}
}

// measure reads what the measures come to.
func (row *Row) measure(measures []Measure, formulas []*spec.Formula, run *result.Run) {
	row.Values = make(map[string]Value, len(measures))
	for i, m := range measures {
		all, why := formulas[i].Values(run)
		v := Value{Value: stats.None(), Unit: formulas[i].Unit(), Why: why}
		if len(all) == 1 {
			v.Value = stats.Number(all[0].Value)
		} else if len(all) > 1 {
			total := 0.0
			for _, one := range all {
				v.Each = append(v.Each, Each{one.Of, stats.Number(one.Value)})
				total += one.Value
			}
			v.Value = stats.Number(total / float64(len(all)))
		}
		if math.IsInf(float64(v.Value), 0) {
			v.Value = stats.None()
		}
		row.Values[m.Name] = v
	}
}
