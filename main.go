package ioverlay

import (
	"os"

	"github.com/ioverlay/ioverlay/cli"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// What an algorithm's entry in a program is made of.
type (
	// Algorithm is an algorithm that scenarios and nodes can name.
	Algorithm = scenario.Algorithm
	// Env is what an algorithm is made for: the node's name, its neighbours, its parameters.
	Env = scenario.Env
	// Param is one parameter of an algorithm.
	Param = spec.Param
)

// The kinds of parameters, with the Go type that a value has, and what a scenario may write.
const (
	Text        = spec.Text        // string
	Whole       = spec.Whole       // int, 0 and up
	Probability = spec.Probability // float64, 0 to 1; also 50%
	Time        = spec.Time        // time.Duration, such as 500ms
	Rate        = spec.Rate        // int64, bytes a second, such as 400KBps
)

// Main is a program with these algorithms besides those that iOverlay comes with: it executes the command line, with
// the commands run, sim, check, compare, experiment, schema, trace, node, new and version, and ends the process with their exit
// code. Call it first in main, and start nothing before: in the proc world this program is started again for each node.
// A name that is empty or taken, or an algorithm without New, is a programmer's mistake, and panics.
func Main(algorithms ...Algorithm) {
	registry := scenario.Shipped()
	for _, a := range algorithms {
		registry.Add(a)
	}
	name, command := console.Names()
	p := cli.Program{Name: name, Command: command, Registry: registry}
	os.Exit(p.Run(os.Args, console.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
