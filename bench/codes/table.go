package codes

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
)

// Table shows points to people.
func Table(points []Point) string {
	if len(points) == 0 {
		return ""
	}
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	p := points[0]
	w.SetTitle("Codes: blocks of k packets of %d bytes, %g%% lost; MB a second of %s", p.Size, 100*p.Loss, p.Clock)
	w.AppendHeader(table.Row{"k", "code", "extra", "p99", "delay", "longest", "encode", "decode", "header", "recoded", "failed"})
	var cs []table.ColumnConfig
	for n := 1; n <= 11; n++ {
		if n != 2 {
			cs = append(cs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	w.SetColumnConfigs(cs)
	k := p.K
	for _, p := range points {
		if p.K != k {
			k = p.K
			w.AppendSeparator()
		}
		recoded, failed := "no", ""
		if p.RecodedLen > 0 {
			recoded = fmt.Sprint(p.RecodedLen)
		}
		if p.Failed > 0 {
			failed = fmt.Sprintf("%d of %d", p.Failed, p.Trials)
		}
		w.AppendRow(table.Row{p.K, p.Code, fmt.Sprintf("%.2f", p.ExtraMean), p.ExtraP99, fmt.Sprintf("%.1f", p.DelayMean), fmt.Sprintf("%.0f", p.DelayMost),
			fmt.Sprintf("%.0f", p.Encode()), fmt.Sprintf("%.0f", p.Decode()), p.HeaderLen, recoded, failed})
	}
	return w.Render()
}
