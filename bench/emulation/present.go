package emulation

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench/figure"
	"github.com/ioverlay/ioverlay/core/emul"
)

// Report is what a run has measured.
type Report struct {
	Accuracy []Accuracy
	Pressure []Pressure
}

// Allowed is the error that a rate may have: the aim of the project.
func Allowed(rate int64) float64 {
	if rate > 50_000_000 {
		return 0.02
	}
	return 0.01
}

// Missed counts the settings that are further off than allowed.
func (r Report) Missed() (n int) {
	for _, a := range r.Accuracy {
		if math.Abs(a.Error) > Allowed(a.RateBytes) {
			n++
		}
	}
	return n
}

// WriteTables shows a report to people.
func WriteTables(w io.Writer, r Report) error {
	if len(r.Accuracy) > 0 {
		if _, err := fmt.Fprintf(w, "%s\n\nBytes count with headers, where they are received. share: of the slowest and the fastest link, 100%% is equal; whole messages count, of which a slow link has few.\n%d of %d settings are further off than 1%% (2%% above 50 MB/s).\n",
			accuracyTable(r.Accuracy), r.Missed(), len(r.Accuracy)); err != nil {
			return err
		}
	}
	if len(r.Pressure) > 0 {
		if _, err := fmt.Fprintf(w, "\n%s\n", pressureTable(r.Pressure)); err != nil {
			return err
		}
	}
	return nil
}

func accuracyTable(as []Accuracy) string {
	t := newTable("Emulated bandwidth: asked for and measured")
	t.AppendHeader(table.Row{"links over", "limit on", "rate", "links", "payload", "s", "measured", "error", "share"})
	for i, a := range as {
		if i > 0 && (a.Scope != as[i-1].Scope || a.Over != as[i-1].Over) {
			t.AppendSeparator()
		}
		mark := ""
		if math.Abs(a.Error) > Allowed(a.RateBytes) {
			mark = " !"
		}
		t.AppendRow(table.Row{a.Over, a.Scope, emul.Rate(a.RateBytes), a.Links, a.PayloadBytes, fmt.Sprintf("%.1f", a.Seconds),
			emul.Rate(math.Round(a.Measured)), fmt.Sprintf("%+.2f%%%s", 100*a.Error, mark),
			fmt.Sprintf("%.1f .. %.1f%%", 100*a.LeastShare, 100*a.MostShare)})
	}
	return t.Render()
}

func pressureTable(ps []Pressure) string {
	t := newTable("Seven nodes, the middle one slows down to 30 KB/s and recovers: its upstream links")
	t.AppendHeader(table.Row{"links over", "link", "before", "slow", "settled after", "allowed", "lifted", "recovered after"})
	for _, p := range ps {
		t.AppendRow(table.Row{p.Over, p.Link, emul.Rate(p.Before), emul.Rate(p.Slow), seconds(p.Settled), seconds(p.Allowed),
			emul.Rate(p.After), seconds(p.Recovers)})
	}
	return t.Render()
}

func seconds(s float64) string {
	if s < 0 {
		return "never"
	}
	return fmt.Sprintf("%.2f s", s)
}

func newTable(title string) table.Writer {
	t := table.NewWriter()
	s := table.StyleLight
	s.Format.Header = text.FormatDefault
	t.SetStyle(s)
	t.SetTitle(title)
	return t
}

// ChartName is the file that WriteChart makes.
const ChartName = "emulation-error.svg"

// WriteChart draws the error over the rate, a line for each kind of limit: the median
// over numbers of links, with the least and the largest.
func WriteChart(r Report, dir, machine string) (string, error) {
	c := figure.Chart{
		Title: "Error of emulated bandwidth", Unit: "% of the rate", Decimals: 2, XLabel: "rate",
		Subtitle: "Size of the error over a window; median over numbers of links, bars from smallest to largest",
		Caption:  []string{"Bytes with headers, at the receiving ends, back-to-back sources. " + machine},
	}
	for _, a := range r.Accuracy {
		c.X = addTick(c.X, a.RateBytes)
	}
	for _, name := range lineNames(r.Accuracy) {
		l := figure.Line{Name: name}
		for _, t := range c.X {
			if p, ok := pointOf(r.Accuracy, name, t.At); ok {
				l.Points = append(l.Points, p)
			}
		}
		c.Lines = append(c.Lines, l)
	}
	if len(c.Lines) == 0 {
		return "", nil
	}
	picture, err := c.SVG()
	if err != nil {
		return "", fmt.Errorf("draw %s: %w", ChartName, err)
	}
	path := filepath.Join(dir, ChartName)
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}
