package paper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/bench"
)

// Section is a figure on a page, with all worlds that it was measured in.
type Section struct {
	*Figure
	Results []Result
	Missing []string // of each world without results, why
}

// Result is a figure in a world.
type Result struct {
	*Data
	Comparison
	Command string
}

// Sections are the figures with what of the data is theirs.
func Sections(all []*Data) (sections []Section, err error) {
	for _, f := range Figures() {
		s := Section{Figure: f}
		for _, world := range Worlds {
			i := slices.IndexFunc(all, func(d *Data) bool { return d.Measurement == f.By.Name && d.World == world })
			why, refused := f.By.Refuses[world]
			switch {
			case i >= 0 && (all[i].Failed == "" || !all[i].Empty()):
				c, err := f.Compare(all[i])
				switch {
				case errors.Is(err, ErrNothing):
					s.Missing = append(s.Missing, world+": nothing was measured before it ended")
					continue
				case err != nil:
					return nil, err
				}
				s.Results = append(s.Results, Result{all[i], c, strings.Join(all[i].Env.Args, " ")})
			case i >= 0:
				s.Missing = append(s.Missing, world+": it could not be measured: "+all[i].Failed)
			case refused:
				s.Missing = append(s.Missing, world+": it cannot be measured: "+why)
			default:
				s.Missing = append(s.Missing, world+": it was not measured for this page ("+f.Command(world)+" does)")
			}
		}
		sections = append(sections, s)
	}
	return sections, nil
}

// Counts is how many rows come to each verdict, in words.
func Counts(rows []Row) string {
	n := make(map[Verdict]int)
	for _, r := range rows {
		n[r.Verdict]++
	}
	return fmt.Sprintf("%d agree, %d differ, %d cannot be compared", n[Agrees], n[Differs], n[Incomparable])
}

// Counts is that of a result.
func (r *Result) Counts() string { return Counts(r.Rows) }

// Where is the machine and program of a result, in words.
func (r *Result) Where() string {
	e := r.Env
	s := fmt.Sprintf("%s, %d cores, %s (%s/%s); %s; %s; seed %d", e.CPUModel, e.Cores, e.Kernel, e.GOOS, e.GOARCH, e.IOverlay, e.Time.UTC().Format("2006-01-02 15:04 MST"), r.Seed)
	if r.Note != "" {
		s += "; " + r.Note
	}
	return s
}

// Ended says that a result is not whole; empty if it is.
func (r *Result) Ended() string {
	switch {
	case r.Failed != "":
		return "It failed before its end: " + r.Failed
	case r.Interrupted:
		return "It was interrupted; this is what was measured until then."
	}
	return ""
}

// RowHeads are the columns of rows.
func (Result) RowHeads() []string { return RowHeads }

// Env is where a page's results are from, the last one's.
func env(all []*Data) (e bench.Env) {
	for _, d := range all {
		if d.Env.Time.After(e.Time) {
			e = d.Env
		}
	}
	return e
}
