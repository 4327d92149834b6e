// Package metric holds the figures that an algorithm keeps of itself, by name: counters,
// gauges, histograms, states and notes. It is pure: no clock, no goroutine, no I/O.
//
// An algorithm gets them from its node:
//
//	lookups := n.Metric("lookups") // a handle, to be kept
//	lookups.Add(1)
//	n.Gauge("neighbours").Set(5)
//	n.Histogram("hops").Record(4)
//	n.State("phase", "joined")
//	n.Note("repair", "lost my parent")
//
// A [Set] belongs to one node and its loop; nothing here is safe for concurrent use.
// Whoever reports takes from it what has changed ([Set.Take]), so that a figure that
// stands still costs nothing.
//
// Everything is bounded: names ([MaxNames]), what happened between two readings
// ([MaxEvents]), the length of texts ([MaxText]) and the bins of a histogram ([MaxBins]).
// What goes over is counted, and reported as refused.
//
// A [Distribution] is a log-linear histogram: 128 bins to each doubling, as in
// HdrHistogram, sparse as in DDSketch, so that quantiles are off by less than 0.8% and
// whole numbers up to 256 are exact. The bin is read from the bits of the number and no
// logarithm is taken, so that it is the same on every machine.
package metric
