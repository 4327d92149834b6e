package bench

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// AgreementTable shows every link in every world beside the oracle.
func AgreementTable(rows []AgreementRow, worlds []string) string {
	t := table.NewWriter()
	t.SetTitle("Steady throughput of each link, KBps with headers, beside a max-min fluid oracle")
	head := table.Row{"topology", "link", "oracle"}
	right := []table.ColumnConfig{{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight}}
	for i, w := range worlds {
		head = append(head, w, "off")
		for k := range 2 {
			right = append(right, table.ColumnConfig{Number: 4 + 2*i + k, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(right)
	before := ""
	for _, r := range rows {
		name := r.Topology
		if name == before {
			name = ""
		} else if before != "" {
			t.AppendSeparator()
		}
		before = r.Topology
		row := table.Row{name, r.Link, fmt.Sprintf("%.1f", r.Oracle/1e3)}
		for _, w := range worlds {
			off := "-"
			if r.Off[w] != nil {
				off = fmt.Sprintf("%+.2f%%", *r.Off[w])
			}
			measured := "-" // interrupted before that world
			if v, ran := r.Measured[w]; ran {
				measured = fmt.Sprintf("%.1f", v/1e3)
			}
			row = append(row, measured, off)
		}
		t.AppendRow(row)
	}
	out := t.Render()
	for _, w := range worlds {
		if percent, at := AgreementWorst(rows, w); at != "" {
			out += fmt.Sprintf("\n%s is at most %+.2f%% off, at %s.", w, percent, at)
		}
	}
	return out
}
