package bench

import "github.com/jedib0t/go-pretty/v6/table"

// SpreadOf sums up values as all results here are: nil if there are none.
func SpreadOf(values []float64) *Spread { return spread(values) }

// TableStyle is how all tables of measurements look.
func TableStyle() table.Style { return style() }
