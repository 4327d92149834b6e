// Package scenario runs experiments that are files: nodes, links, applications,
// bandwidth, a timeline, and what must come of it (docs/scenario.md). The same file
// runs live, with a process a node, and in virtual time.
//
//	r := scenario.Shipped()
//	r.Add(scenario.Algorithm{Name: "mine", New: newMine})
//	plan, err := scenario.Load("mine.yaml", r)
//	run, err := scenario.Run(ctx, plan, scenario.Options{World: "sim", Registry: r})
//
// Rooms:
//
//	spec/    the format: parse, check, resolve
//	host/    what runs around a node's algorithm: counters, sources, commands
//	world/   live, proc, sim
//	result/  samples, verdicts, files, charts, comparison
//	run.go driver.go steps.go observe.go   the timeline, alike for all worlds
//	hunt.go failures.go           hunts, and what they find
//	hang.go                       runs whose algorithms do not return
package scenario
