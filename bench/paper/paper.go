// Package paper is the figures and tables of the paper (B. Li, J. Guo, M. Wang, "iOverlay: A Lightweight Middleware
// Infrastructure for Overlay Application Implementations", Middleware 2004) beside what is measured here.
//
//	paper.go    what a figure is: its measurement, what the paper says, and how the two are compared
//	row.go      one line of a comparison: paper, measured, difference, verdict
//	data.go     what a measurement recorded, written and read again
//	measure.go  the measurements, which are those of bench, bench/repro, bench/trees and bench/federation
//	fig3.go ... the figures
//	page.go     all figures of a directory of results, as one HTML page and as a page of the documentation
//
// A comparison is made of what was recorded and of nothing else, so it can be made again from the files.
package paper

import (
	"slices"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// Worlds are where a measurement may run, in the order in which pages show them.
var Worlds = []string{"sim", "live", "proc"}

// Figure is one of the paper's figures or tables.
type Figure struct {
	Name    string // as commands have it: fig3
	Title   string
	Section string // of the paper
	Claim   string // what the paper says
	There   string // how it was set up there
	Here    string // and how here
	Differs string // what of the differences is known
	By      *Measurement

	compare func(d *Data) (Comparison, error)
}

// Comparison is what a figure comes to.
type Comparison struct {
	Rows   []Row
	Tables []Table
	Charts []Chart
}

// Table is details that have no counterpart in the paper.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// Chart is a picture in the paper's form. Its name is that of its files, without their endings.
type Chart struct {
	Name, Caption string
	Picture       figure.Picture
}

// Compare compares what was measured. An error says that the results are not this figure's.
func (f *Figure) Compare(d *Data) (Comparison, error) {
	c, err := f.compare(d)
	for i := range c.Rows {
		c.Rows[i].finish(f.Name, d.World)
	}
	return c, err
}

// Command is what reproduces the figure in a world.
func (f *Figure) Command(world string) string {
	return "ioverlay repro " + f.Name + " --world " + world
}

// Figures are all there are, in the paper's order.
func Figures() []*Figure {
	return []*Figure{fig3(), fig4(), fig5(), table3(), fig6(), fig7(), fig8(), fig9()}
}

// Named is the figure of that name, or nil.
func Named(name string) *Figure {
	all := Figures()
	if i := slices.IndexFunc(all, func(f *Figure) bool { return f.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}
