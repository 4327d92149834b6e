package core

import "github.com/ioverlay/ioverlay/metric"

// Figures that an algorithm keeps of itself, by name. Whatever runs it reports them: a
// scenario samples them, judges expectations by them and writes them to its results. A node
// whose algorithm keeps none has none.

// Metric is the node's counter of a name, made if there is none: a handle, to be kept where
// it is used often. Names are words of letters, digits, _ and -; one that is not, or that
// is of another kind of figure, is a programmer's mistake and panics (package metric).
func (n *Node) Metric(name string) *metric.Counter { return n.ownMetrics().Counter(name) }

// Gauge is the node's gauge of a name: a number that goes up and down.
func (n *Node) Gauge(name string) *metric.Gauge { return n.ownMetrics().Gauge(name) }

// Histogram is the node's histogram of a name: numbers of which the distribution is wanted.
func (n *Node) Histogram(name string) *metric.Histogram { return n.ownMetrics().Histogram(name) }

// State notes in which of several states, known by words, something is from now on:
// State("phase", "joined").
func (n *Node) State(name, state string) { n.ownMetrics().State(name, state, n.Now()) }

// Note notes something that happened, with a text for people, at the time that it is.
func (n *Node) Note(name, text string) { n.ownMetrics().Note(name, text, n.Now()) }

func (n *Node) ownMetrics() *metric.Set {
	if n.metrics == nil {
		n.metrics = new(metric.Set)
	}
	return n.metrics
}

// TakeMetrics takes what has changed of the node's figures since it was called last; nil if
// nothing has. It is for whatever is around the algorithm and reports: who else calls it
// takes from there.
func (n *Node) TakeMetrics() *metric.Changes { return n.metrics.Take() }

// MetricLevels are what the node's counters have counted in all and what its gauges are set to, by name; nil if
// there are none. It takes nothing from whoever uses TakeMetrics.
func (n *Node) MetricLevels() map[string]float64 { return n.metrics.Levels() }

// MetricStates are the states that State has noted last, by name; nil if there are none. It takes nothing either.
func (n *Node) MetricStates() map[string]string { return n.metrics.States() }
