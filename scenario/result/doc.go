// Package result keeps what was measured in a run of a scenario, judges it, writes
// it to files and charts, and compares two runs.
//
//	readings.go           the samples, and how expectations read them
//	deliveries*.go        messages that are followed: latency, hops, coverage
//	metrics*.go           what algorithms keep of themselves: kept, written, summed up
//	write.go csv.go       results.jsonl, nodes.csv, links.csv
//	chart*.go             throughput over time as SVG and PNG
//	table.go              the summary for people
//	read.go compare.go    two runs beside each other
package result
