// Package failures measures how fast failures are detected: real processes, one
// "ioverlay node" each, are killed, stopped and cut off, and the log of the node
// that has to notice says when it did, on the machine's monotonic clock.
//
//	failures.go  the kinds of failure and their trials
//	process.go   a node process and what its log says
//	netns_*.go   network namespaces, where the system has them
//	summary.go   the table and the chart
package failures
