package emulation

import (
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/bench/figure"
	"github.com/ioverlay/ioverlay/core/emul"
)

// What the chart's lines are made of.

func lineName(a Accuracy) string { return a.Over + " " + string(a.Scope) }

// lineNames are the names of the lines, in the order in which they were measured.
func lineNames(as []Accuracy) (names []string) {
	for _, a := range as {
		if n := lineName(a); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// addTick adds a rate to the axis, in its place.
func addTick(ticks []figure.Tick, rate int64) []figure.Tick {
	at := float64(rate)
	i, there := slices.BinarySearchFunc(ticks, at, func(t figure.Tick, at float64) int {
		switch {
		case t.At < at:
			return -1
		case t.At > at:
			return 1
		}
		return 0
	})
	if there {
		return ticks
	}
	return slices.Insert(ticks, i, figure.Tick{At: at, Label: emul.Rate(rate).String()})
}

// pointOf sums up the errors of a line at a rate, in percent.
func pointOf(as []Accuracy, name string, rate float64) (figure.Point, bool) {
	var errs []float64
	for _, a := range as {
		if lineName(a) == name && float64(a.RateBytes) == rate {
			errs = append(errs, 100*math.Abs(a.Error))
		}
	}
	if len(errs) == 0 {
		return figure.Point{}, false
	}
	slices.Sort(errs)
	mid := len(errs) / 2
	median := errs[mid]
	if len(errs)%2 == 0 {
		median = (errs[mid-1] + errs[mid]) / 2
	}
	return figure.Point{X: rate, Median: median, Min: errs[0], Max: errs[len(errs)-1]}, true
}
