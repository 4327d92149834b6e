// Package experiment runs one scenario many times: every combination of the levels of
// some factors, each with many seeds, and says what came of it with confidence intervals
// (docs/experiments.md).
//
//	e, err := experiment.Load("gossip-loss.yaml")
//	results, err := e.Run(ctx, experiment.Options{Dir: "out/gossip-loss"})
//
// Rooms, in the order in which an experiment meets them:
//
//	file.go read*.go    the file: factors, seeds, measures
//	template.go         ${name} in the scenario
//	grid.go plan.go     the combinations, each as the plan of a scenario
//	run.go worker.go    all of them, over all cores; process.go in processes of their own
//	row.go store.go     what one run came to; the file of rows, and going on after an end
//	analysis.go effects.go   statistics (stats/ has the arithmetic)
//	table.go write.go   tables as files
//	chart.go figures.go report.go  charts, and a page with everything
//	bundle.go           all that is needed to run it again
//	compare.go          two results beside each other
package experiment
