package experiment

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

//go:embed report.html.tmpl
var reportText string

var reportTemplate = template.Must(template.New("report").Parse(reportText))

// page is what the report shows.
type page struct {
	Name, About, World, Confidence string
	Warnings                       []string
	Facts                          [][2]string
	Factors                        []Factor
	Measures                       []Measure
	Heads                          []string
	Cells                          [][]string
	Effects                        [][]string
	Within                         int
	Figures                        []shownFigure
	Trouble                        [][]string
	Files                          []BundledFile
}

type shownFigure struct {
	Name, Caption string
	Source        template.URL
}

// report writes one page with everything, which asks for nothing from outside.
func (r *Results) report(w io.Writer, figures []Figure, left int) error {
	e, a := r.Experiment, r.Analysis
	p := page{Name: e.Name, About: e.About, World: e.World, Confidence: percent(e.Confidence), Warnings: r.Warnings(),
		Factors: e.Factors, Measures: e.Measures, Files: e.files.all()}
	if left > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d charts are drawn, and %d more are not: the tables have their numbers", len(figures), left))
	}
	o := r.Origin
	p.Facts = [][2]string{
		{"runs", fmt.Sprintf("%d of %d: %d combinations, %d seeds", a.Runs, a.Total, len(e.Cells()), len(e.Seeds))},
		{"version", o.Version}, {"build", cmp.Or(mixed(a.Builds), build())}, {"command", fmt.Sprintf("%q", o.Command)}, {"written", o.Started.Format(time.RFC3339)},
		{"host", fmt.Sprintf("%s, %s/%s, %s, %d cores, %s", o.Host.Name, o.Host.OS, o.Host.Arch, o.Host.CPU, o.Host.Cores, o.Host.Go)},
	}
	p.Heads = []string{"measure"}
	for _, f := range e.Factors {
		p.Heads = append(p.Heads, f.Name)
	}
	for _, c := range a.Cells {
		p.Cells = append(p.Cells, c.row(e))
	}
	for _, f := range a.Effects {
		if f.Given == nil {
			p.Effects = append(p.Effects, f.row())
		} else {
			p.Within++
		}
	}
	for _, f := range figures {
		p.Figures = append(p.Figures, shownFigure{f.Name, f.Caption,
			template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(f.SVG))}) //nolint:gosec // our own chart, in letters of base64
	}
	p.Trouble = r.trouble(50)
	return reportTemplate.Execute(w, p)
}

// Warnings are what a reader of the figures must know.
func (r *Results) Warnings() (all []string) {
	a := r.Analysis
	add := func(n int, format string, args ...any) {
		if n > 0 {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	add(a.Total-a.Runs, "%d of %d runs are done", a.Runs, a.Total)
	add(a.Failed, "%d runs failed, and are in no figure", a.Failed)
	add(a.Violated, "in %d runs an expectation did not hold; their figures count", a.Violated)
	missing, empty, where := 0, 0, ""
	for _, c := range a.Cells {
		missing += c.Missing
		if c.N == 0 && c.Missing > 0 {
			empty++
			where = cmp.Or(where, c.Measure+" with "+r.Experiment.given(c.Levels))
		}
	}
	for _, m := range a.Absent {
		all = append(all, fmt.Sprintf("the measure %s has no value in any run (%s)", m.Measure, cmp.Or(m.Why, "nobody says why")))
	}
	add(missing, "%d values are missing from runs that ended well: a measure had no number", missing)
	add(empty, "%d measures of a combination have no value in any of its seeds, such as %s", empty, where)
	if builds := mixed(a.Builds); builds != "" {
		in := 0
		for _, c := range a.Cells {
			if c.Builds > 1 {
				in++
			}
		}
		all = append(all, fmt.Sprintf("the runs are of %d builds of the program (%s): differences may be the builds', and %d of %d lines of the table below mix them",
			len(a.Builds), builds, in, len(a.Cells)))
	}
	warned, example := 0, ""
	for _, row := range r.Rows {
		if len(row.Warnings) > 0 {
			warned++
			example = row.Warnings[0]
		}
	}
	add(warned, "%d runs have warnings, such as: %s", warned, example)
	add(r.Foreign, "%d runs in %s are of another form of this experiment, and in no figure", r.Foreign, RowsName)
	if r.Torn {
		all = append(all, "the last run of an earlier call was not whole, and was run again")
	}
	return all
}

// trouble lists runs that did not go well.
func (r *Results) trouble(most int) (rows [][]string) {
	for _, row := range r.Rows {
		if row.Status != Ok && len(rows) < most {
			rows = append(rows, []string{r.Experiment.cellOf(row).String(), strconv.FormatUint(row.Seed, 10), string(row.Status), row.Error})
		}
	}
	return rows
}

// figure writes a number with as many digits as anybody reads.
func figure(n stats.Number) string {
	if !n.Is() {
		return "–"
	}
	return strconv.FormatFloat(float64(n), 'g', 5, 64)
}

func probability(n stats.Number) string {
	switch {
	case !n.Is():
		return "–"
	case n < 0.0001:
		return "< 0.0001"
	}
	return strconv.FormatFloat(float64(n), 'f', 4, 64)
}

func interval(low, high stats.Number) string {
	if !low.Is() {
		return "–"
	}
	return figure(low) + " to " + figure(high)
}

// row is a line of the table of combinations, for people.
func (c *CellSummary) row(e *Experiment) []string {
	row := []string{axisTitle(c.Measure, c.Unit)}
	for _, f := range e.Factors {
		row = append(row, c.Levels[f.Name])
	}
	n := strconv.Itoa(c.N)
	if c.Builds > 1 {
		n += fmt.Sprintf(" (%d builds)", c.Builds)
	}
	if bad := c.Failed + c.Missing; bad > 0 {
		n += fmt.Sprintf(" of %d", c.Runs)
	}
	return append(row, n, figure(c.Mean), interval(c.Low, c.High), figure(c.SD), figure(c.Median), figure(c.Min), figure(c.Max))
}

// row is a line of the table of comparisons, for people.
func (f *Effect) row() []string {
	return slices.Concat([]string{axisTitle(f.Measure, f.Unit), f.Factor, f.A + " → " + f.B, strconv.Itoa(f.N), figure(f.Difference), interval(f.Low, f.High)},
		[]string{probability(f.PT), probability(f.PHolm), probability(f.PW), figure(f.Effect), f.Verdict})
}
