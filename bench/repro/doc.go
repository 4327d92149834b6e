// Package repro runs the paper's case study on network coding (section 3.1, Fig. 4) and
// what belongs beside it: the butterfly, and random topologies with their min-cut bound.
//
//	fig4.go    the seven nodes of Fig. 4: who does what, and what the paper says
//	router.go  nodes that forward streams without coding
//	meter.go   what a node has received, and whether it is what was sent
//	bed.go     where an experiment runs: bed_sim.go, bed_live.go, bed_proc.go
//	run.go     an experiment from its nodes to its figures
//	graph.go   topologies, the min cut, trees for plain routing
//	multicast.go butterfly and random topologies, routed and coded
//	table.go chart.go  how it is shown
package repro
