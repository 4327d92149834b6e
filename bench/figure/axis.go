package figure

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// linearUpTo is how many times the lowest median the highest may be before the value axis becomes logarithmic:
// beyond it the lower lines would lie on each other at the bottom. Links in memory are that much faster than TCP.
const linearUpTo = 20

func (c Chart) logarithmic() bool {
	low, high := math.Inf(1), 0.0
	for _, l := range c.Lines {
		for _, p := range l.Points {
			low, high = min(low, p.Median), max(high, p.Median)
		}
	}
	return low > 0 && high > linearUpTo*low
}

func (c Chart) scaleNote() string {
	if c.logarithmic() {
		return "; logarithmic scale"
	}
	return ""
}

// reach returns the smallest and the largest value that is drawn.
func (c Chart) reach() (low, high float64) {
	low = math.Inf(1)
	for _, l := range c.Lines {
		for _, p := range l.Points {
			low, high = min(low, p.Min), max(high, p.Max)
		}
	}
	return low, high
}

func (c Chart) xTicks() []plot.Tick {
	var ticks []plot.Tick
	for _, t := range c.X {
		ticks = append(ticks, plot.Tick{Value: t.At, Label: t.Label})
	}
	return ticks
}

// valueTicks returns ticks at round values, the first at or below everything that is drawn and the last at or above.
func (c Chart) valueTicks() []plot.Tick {
	low, high := c.reach()
	if c.logarithmic() {
		return logTicks(low, high)
	}
	return linearTicks(high)
}

// linearTicks begins at 0 and has four to six ticks above.
func linearTicks(high float64) []plot.Tick {
	step := roundStep(high)
	ticks := []plot.Tick{tickAt(0)}
	for i := 1; ; i++ {
		at := float64(i) * step
		ticks = append(ticks, tickAt(at))
		if at >= high {
			return ticks
		}
	}
}

// roundStep returns the smallest of 1, 2, 2.5 and 5 times a power of ten of which six reach v.
func roundStep(v float64) float64 {
	const most = 6
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v/most)))
	for _, digit := range []float64{1, 2, 2.5, 5} {
		if digit*power*most >= v {
			return digit * power
		}
	}
	return 10 * power
}

// logTicks are at 1, 2 and 5 times powers of ten. Low must be above 0.
func logTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for power := math.Pow(10, math.Floor(math.Log10(low))); ; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			at := digit * power
			if at <= low {
				ticks = ticks[:0] // the one before is not needed
			}
			ticks = append(ticks, tickAt(at))
			if at >= high {
				return ticks
			}
		}
	}
}

func tickAt(v float64) plot.Tick {
	return plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)}
}
