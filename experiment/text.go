package experiment

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// shownRows bounds the tables for people; the files have all.
const shownRows = 60

// Table is what an experiment came to, for people.
func (r *Results) Table() string {
	e, a := r.Experiment, r.Analysis
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d runs, world %s", e.Name, a.Runs, a.Total, e.World)
	if r.Earlier > 0 {
		fmt.Fprintf(&b, ", %d of them by earlier calls", r.Earlier)
	}
	b.WriteString("\n")
	for _, w := range r.Warnings() {
		fmt.Fprintf(&b, "WARNING: %s.\n", w)
	}
	head := []string{"measure"}
	for _, f := range e.Factors {
		head = append(head, f.Name)
	}
	var rows [][]string
	for _, c := range a.Cells {
		rows = append(rows, c.row(e))
	}
	b.WriteString(render("Every combination", append(head, "n", "mean", percent(a.Confidence)+" interval", "sd", "median", "min", "max"), 7, rows))
	rows = nil
	for _, f := range a.Effects {
		if f.Given == nil {
			rows = append(rows, f.row())
		}
	}
	if len(rows) > 0 {
		b.WriteString(render("What each factor changes, over all others, by pairs of seeds",
			[]string{"measure", "factor", "levels", "pairs", "difference", percent(a.Confidence) + " interval", "p (t)", "p (Holm)", "p (Wilcoxon)", "d_z", "verdict"}, 8, rows))
	}
	if rows = r.trouble(5); len(rows) > 0 {
		for _, row := range rows { // the first line says what; the files have the stack
			row[3], _, _ = strings.Cut(row[3], "\n")
		}
		b.WriteString(render("Runs that did not go well", []string{"combination", "seed", "status", "error"}, 0, rows))
	}
	return b.String()
}

// render makes a table; the last columns but a verdict have numbers.
func render(title string, head []string, numbers int, rows [][]string) string {
	t := table.NewWriter()
	t.SetTitle(title)
	line := func(cells []string) (row table.Row) {
		for _, c := range cells {
			row = append(row, c)
		}
		return row
	}
	t.AppendHeader(line(head))
	var configs []table.ColumnConfig
	for i := len(head) - numbers; i < len(head) && numbers > 0; i++ {
		if head[i] != "verdict" {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.SetColumnConfigs(configs)
	t.Style().Format.Header = text.FormatDefault
	for _, row := range rows[:min(len(rows), shownRows)] {
		t.AppendRow(line(row))
	}
	out := t.Render() + "\n"
	if more := len(rows) - shownRows; more > 0 {
		out += fmt.Sprintf("and %d more, which the files have\n", more)
	}
	return out
}
