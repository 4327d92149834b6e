package attack

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
)

// Table shows results to people.
func Table(all []Result) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("A stream through a relay, three processes, while strangers attack the relay")
	w.AppendHeader(table.Row{"attack", "connections", "a second", "messages/s", "of quiet", "peak RSS MB", "grown MB", "wrong"})
	var configs []table.ColumnConfig
	for i := 2; i <= 8; i++ {
		configs = append(configs, table.ColumnConfig{Number: i, Align: text.AlignRight})
	}
	w.SetColumnConfigs(configs)
	for _, r := range all {
		w.AppendRow(table.Row{r.Attack, r.Attempts, fmt.Sprintf("%.0f", r.PerS), fmt.Sprintf("%.0f", r.Messages), fmt.Sprintf("%.2f", r.OfQuiet),
			fmt.Sprintf("%.1f", float64(r.Peak)/1e6), fmt.Sprintf("%.1f", float64(r.Grown)/1e6), r.Corrupt})
	}
	return w.Render()
}
