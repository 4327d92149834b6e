package bench

import "fmt"

// PaperFigures are the measurements of the paper's section 2.4 and figure 3: its engine, thread-per-connection in C++,
// on one server with two Pentium III at 1 GHz and Linux 2.4.25, in 2004. Bandwidths are total, in bytes a second of
// wall-clock time; CPU time was not published.
type PaperFigures struct {
	Total2Nodes    float64 `json:"total_bytes_per_s_2_nodes"`
	Total3Nodes    float64 `json:"total_bytes_per_s_3_nodes"`
	Total32Nodes   float64 `json:"total_bytes_per_s_32_nodes"`
	E2E32Nodes     float64 `json:"e2e_bytes_per_s_32_nodes"`
	SwitchOverhead float64 `json:"switch_overhead"`
	Scaling        float64 `json:"scaling"` // total(32) / total(2)
}

// Paper holds the published figures. 32 nodes are 31 links at 424 KBps end to end.
var Paper = PaperFigures{
	Total2Nodes:    48.4 * mega,
	Total3Nodes:    46.8 * mega,
	Total32Nodes:   31 * 424 * kilo,
	E2E32Nodes:     424 * kilo,
	SwitchOverhead: 0.033,
	Scaling:        31 * 424 * kilo / (48.4 * mega),
}

// Decimal units, as everywhere in this package.
const (
	kilo = 1e3
	mega = 1e6
	giga = 1e9
)

const paperSource = "The paper's engine (2004, thread per connection in C++, two Pentium III at 1 GHz)"

// paperValues is the caption under tables and charts.
func paperValues() string {
	return fmt.Sprintf("%.1f MB/s at 2 nodes, %.1f at 3 (one switch costs %.1f%%), %.1f at 32 (%.0f%% of 2 nodes; %.0f KB/s end to end)",
		Paper.Total2Nodes/mega, Paper.Total3Nodes/mega, 100*Paper.SwitchOverhead,
		Paper.Total32Nodes/mega, 100*Paper.Scaling, Paper.E2E32Nodes/kilo)
}
