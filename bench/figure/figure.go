// Package figure draws the charts of the benchmarks: medians as lines over a logarithmic
// axis, with bars from the smallest to the largest value, as SVG.
//
//	figure.go  what a chart is
//	axis.go    ticks at round values
//	draw.go    the drawing
package figure

// Chart is one picture: a figure over a row of settings, a line for each variant.
type Chart struct {
	Title, Subtitle string
	Unit            string // of the y axis and of the labels
	Decimals        int    // of the labels
	XLabel          string
	X               []Tick // ascending, above 0
	Lines           []Line
	Caption         []string // lines of text below
}

// Tick is a setting on the x axis.
type Tick struct {
	At    float64
	Label string
}

// Stroke is how a line is drawn.
type Stroke uint8

const (
	// Solid is for what is measured.
	Solid Stroke = iota
	// Dashed is for what it is compared with.
	Dashed
)

// Line is what one variant contributes to a chart. It has a point at least.
type Line struct {
	Name   string
	Stroke Stroke
	Points []Point
}

// Point has its values in the chart's unit.
type Point struct {
	X                float64
	Median, Min, Max float64
}
