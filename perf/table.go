package perf

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// minCoverage and maxCoverage bound what passes for a whole profile: outside,
// the report says that samples were lost or that the window was cut.
const (
	minCoverage = 0.90
	maxCoverage = 1.10
)

// wantMargin is the margin of the user share, in points, for which the report
// says how long to measure.
const wantMargin = 0.5

// WriteTable writes the report for people: one row a category, the shares below
// it, system calls if they were counted, and then the top functions of each category.
func (r *Report) WriteTable(w io.Writer) error {
	parts := []string{r.categoryTable(), r.summary(), r.functionTable()}
	if len(r.Calls) > 0 {
		parts = slices.Insert(parts, 2, r.callTable())
	}
	if r.Title != "" {
		parts = append([]string{r.Title}, parts...)
	}
	if _, err := io.WriteString(w, strings.Join(parts, "\n")+"\n"); err != nil {
		return fmt.Errorf("perf: writing the table: %w", err)
	}
	return nil
}

func newTable(title string, numeric ...int) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.Style().Format.Footer = text.FormatDefault
	t.SetTitle(title)
	var cols []table.ColumnConfig
	for _, n := range numeric {
		cols = append(cols, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight})
	}
	t.SetColumnConfigs(cols)
	return t
}

func (r *Report) categoryTable() string {
	t := newTable("", 2, 3, 4, 5, 6)
	t.AppendHeader(table.Row{"category", "% CPU", "± 95%", "of it user", "ns/message", "samples"})
	for _, row := range r.Rows {
		t.AppendRow(table.Row{
			row.Category, points(row.Percent), points(row.Margin()), points(row.UserPercent),
			nanos(row.NsPerMessage), row.Samples,
		})
	}
	t.AppendFooter(table.Row{
		"total", points(100), "", points(r.UserShare.Percent), nanos(r.NsPerMessage), r.Samples,
	})
	return t.Render()
}

func (r *Report) summary() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	share := func(name string, s Share, what string) {
		line("%-10s %5s%%  (95%%: %s to %s)  %s ns a message  %s",
			name, points(s.Percent), points(s.Low), points(s.High), nanos(s.NsPerMessage), what)
	}
	share("user share", r.UserShare, "outside system calls, Go scheduler and netpoller")
	share("user mode", r.UserMode, "outside system calls")
	share("kernel", r.Kernel, "inside system calls")
	if r.OSUserPercent > 0 {
		line("%-10s %5s%%  user mode as the system counts it, which has the way back from system calls in it: %s ns a message, and %s in the kernel",
			"(OS count)", points(r.OSUserPercent),
			nanos(r.OSUserPercent/100*r.NsPerMessage), nanos((1-r.OSUserPercent/100)*r.NsPerMessage))
	}
	line("%d messages switched, %s ns of CPU each; %s of CPU%s", r.Messages, nanos(r.NsPerMessage), seconds(r.CPU), r.wallText())
	line("%d samples, one in %v of CPU: %s%% of the CPU time seen, %d samples unknown to every rule",
		r.Samples, r.Period, points(100*r.Coverage), r.Unknown)
	r.warnings(line)
	if r.ProfilePath != "" {
		line("raw profile: %s", r.ProfilePath)
	}
	return b.String()
}

// warnings says what weakens the figures.
func (r *Report) warnings(line func(string, ...any)) {
	if r.Coverage < minCoverage || r.Coverage > maxCoverage {
		line("warning: the samples stand for %s%% of the CPU time that the system counted; shares may be skewed",
			points(100*r.Coverage))
	}
	if need := samplesFor(r.UserShare.Percent/100, wantMargin/100); r.Samples < need {
		line("a margin of %s points on the user share needs about %d samples, %v of CPU",
			points(wantMargin), need, (time.Duration(need) * r.Period).Round(time.Second))
	}
}

func (r *Report) wallText() string {
	if r.Wall <= 0 {
		return ""
	}
	return fmt.Sprintf(" in %s (%.2f processors)", seconds(r.Wall), float64(r.CPU)/float64(r.Wall))
}

func (r *Report) functionTable() string {
	t := newTable("", 3)
	t.AppendHeader(table.Row{"category", "top functions", "% CPU"})
	for _, row := range r.Rows {
		for i, f := range row.Top {
			name := string(row.Category)
			if i > 0 {
				name = ""
			}
			t.AppendRow(table.Row{name, shortName(f.Name), points(f.Percent)})
		}
	}
	return t.Render()
}

// shortName is a function's name as people say it: without this module's path and
// without the instantiation of a generic type.
func shortName(name string) string {
	if open, end := strings.Index(name, "[go.shape."), strings.LastIndex(name, "]"); open >= 0 && end > open {
		name = name[:open] + "[...]" + name[end+1:]
	}
	return strings.TrimPrefix(name, module+"/")
}

// points prints percent and percentage points: one decimal, which is already
// finer than the sampling error.
func points(x float64) string { return fmt.Sprintf("%.1f", x) }

// nanos prints nanoseconds: whole from 100 on.
func nanos(x float64) string {
	if x >= 100 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.1f", x)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
