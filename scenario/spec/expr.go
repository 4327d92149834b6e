package spec

import (
	"slices"
	"time"
)

// Expectations. The grammar, in which words in capitals are tokens:
//
//	expectation = sum compare sum [ "±" quantity ] [ "within" quantity ] [ window ]
//	compare     = "=" | "!=" | "<" | "<=" | ">" | ">="
//	window      = "between" quantity "and" quantity | "after" quantity | "before" quantity | "at" quantity
//	sum         = product { ("+" | "-") product }
//	product     = factor { ("*" | "/") factor }
//	factor      = quantity | "-" factor | "(" sum ")" | NAME "(" arguments ")"
//	arguments   = [ argument { "," argument } ]  of a measure: a node, a range, a link, or "app" NAME
//	            | METRIC { "," argument }        of "metric": the metric's name comes first
//	            | sum                            of min, max, sum, mean, and of p50, p99, p999 and so on

// Expectation is something that must hold.
type Expectation struct {
	Span  Span
	Text  string
	left  expr
	right expr
	op    string

	tolerance quantity // 0 if there is none
	relative  bool     // the tolerance is a share of the right side

	window Window
}

// Window is the part of a run that an expectation looks at.
type Window struct {
	From, To time.Duration
	ToEnd    bool // To is the end of the run
	Given    bool
	At       bool // only the moment To
}

// expr is a formula. Its value is one number, or one for each thing it names.
type expr interface {
	dimension() dim
	eval(e *evaluation) vector
	walk(fn func(expr))
}

type (
	constant struct{ q quantity }
	negative struct{ x expr }
	binary   struct {
		op   string
		l, r expr
	}
	aggregate struct {
		name     string
		quantile float64 // of a percentile, from 0 to 1
		x        expr
	}
	// Call asks for a measure of nodes or links.
	call struct {
		at      Span
		measure Measure
		nodes   []NodeRange
		hops    []Hop
		app     string
		appAt   Span

		within time.Duration // of coverage; 0: until the end of the run

		targets []Target // resolved
		appID   uint32   // resolved; 0 means all
	}
)

// Measure is something that is measured.
type Measure struct {
	Name  string
	Kind  MeasureKind
	Scope Scope
	About string // for the documentation
	dim   dim

	Metric string // of "metric": the name of the figure
}

// MeasureKind says how a measure is read over time.
type MeasureKind uint8

// The kinds of measures.
const (
	RateMeasure     MeasureKind = iota // a counter, divided by the time that it took
	CountMeasure                       // a counter
	GaugeMeasure                       // what is at the end of the window
	OwnMeasure                         // what algorithms keep of themselves: any of those above, or a distribution
	MessageMeasure                     // a distribution over messages that are followed; its value is the mean
	CoverageMeasure                    // a share of nodes, of all targets together
)

// Scope says what a measure is of.
type Scope uint8

// The scopes, which may be joined.
const (
	OfNodes Scope = 1 << iota
	OfLinks
	OfAll // no argument: all nodes together
	ByApp // may name an application
)

// Measures are all there are.
var Measures = []Measure{
	{"throughput", RateMeasure, OfNodes | OfLinks | ByApp, "bytes of data messages that arrive, headers included, a second", dimRate, ""},
	{"goodput", RateMeasure, OfNodes | OfLinks | ByApp, "the same without headers", dimRate, ""},
	{"sent", CountMeasure, OfNodes | OfAll | ByApp, "messages that a node's sources made", dimNumber, ""},
	{"received", CountMeasure, OfNodes | OfLinks | OfAll | ByApp, "data messages that arrived, duplicates included", dimNumber, ""},
	{"distinct", CountMeasure, OfNodes | OfAll | ByApp, "data messages that arrived, each counted once", dimNumber, ""},
	{"lost", CountMeasure, OfNodes | OfLinks | OfAll, "messages that a node accepted and could not deliver, that its links were told to lose, or that it received and could not handle", dimNumber, ""},
	{"broken", CountMeasure, OfNodes | OfAll | ByApp, "times that a node was told that a source is lost upstream", dimNumber, ""},
	{"queued", GaugeMeasure, OfNodes | OfLinks | OfAll, "messages that wait to be sent", dimNumber, ""},
	{"alive", GaugeMeasure, OfNodes | OfAll, "1 for a node that runs, 0 for one that does not; of no node: how many run", dimNumber, ""},
	{"duplicates", CountMeasure, OfNodes | OfAll | ByApp, "data messages that arrived again: received without distinct", dimNumber, ""},
	{"latency", MessageMeasure, OfNodes | OfAll | ByApp, "time from when a source made a message until it arrived for the first time; the mean", dimTime, ""},
	{"hops", MessageMeasure, OfNodes | OfAll | ByApp, "links that a message had crossed when it arrived for the first time; the mean", dimNumber, ""},
	{"coverage", CoverageMeasure, OfNodes | OfAll | ByApp, "share of the nodes that a message reached, of those that ran all the while; the mean over the messages", dimNumber, ""},
	{"metric", OwnMeasure, OfNodes | OfAll, "what algorithms keep of themselves by name: a counter's total, a gauge's value, a histogram's mean", dimFree, ""},
}

// Target is what is measured: a node, a link, or with both below 0 everything.
type Target struct{ Node, From, To int }

// Everything is the target of a measure without an argument.
var Everything = Target{-1, -1, -1}

// aggregates turn many values into one.
var aggregates = []string{"min", "max", "sum", "mean"}

func measureNamed(name string) (Measure, bool) {
	i := slices.IndexFunc(Measures, func(m Measure) bool { return m.Name == name })
	if i < 0 {
		return Measure{}, false
	}
	return Measures[i], true
}

func (x constant) dimension() dim  { return x.q.dim }
func (x negative) dimension() dim  { return x.x.dimension() }
func (x aggregate) dimension() dim { return x.x.dimension() }
func (x *call) dimension() dim     { return x.measure.dim }
func (x binary) dimension() dim {
	l, r := x.l.dimension(), x.r.dimension()
	switch x.op {
	case "*":
		return dim{l.bytes + r.bytes, l.seconds + r.seconds, l.free || r.free}
	case "/":
		return dim{l.bytes - r.bytes, l.seconds - r.seconds, l.free || r.free}
	}
	return l.or(r)
}

func (x constant) walk(fn func(expr))  { fn(x) }
func (x negative) walk(fn func(expr))  { fn(x); x.x.walk(fn) }
func (x aggregate) walk(fn func(expr)) { fn(x); x.x.walk(fn) }
func (x *call) walk(fn func(expr))     { fn(x) }
func (x binary) walk(fn func(expr))    { fn(x); x.l.walk(fn); x.r.walk(fn) }

// calls visits every measure that an expectation asks for.
func (v *Expectation) calls(fn func(*call)) {
	for _, side := range []expr{v.left, v.right} {
		if side == nil {
			continue
		}
		side.walk(func(x expr) {
			if c, ok := x.(*call); ok {
				fn(c)
			}
		})
	}
}
