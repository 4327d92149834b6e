// Package cli is the command line that every program on iOverlay has: the commands, and what they come to. A program
// gives it the algorithms that it knows; cmd/ioverlay adds commands of its own.
//
//	commands.go   all commands, in one list: this is where another one is added
//	console/      what commands share: streams, exit codes, Ctrl-C, help, progress
//	run/          run, sim with its hunts, check, compare, schema; a node's process of the proc world
//	experiment/   experiment, experiment compare
//	node/         node
//	record/       record info, record export
//	trace/        trace show, trace diff, trace graph
//	scaffold/     new
//	memory/       how much memory for messages fits under a limit on the address space
//	clitest/      for tests of commands
package cli

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

const rootHelp = `iOverlay: middleware for overlay algorithms (Li, Guo, Wang, Middleware 2004), in Go.

Exit codes:
  0    it worked
  1    it was done, and shows what should not be: messages lost, reordered or damaged,
       figures further off than allowed, two traces that differ, an algorithm that is not
       pure, or an expectation of a scenario that did not hold
  2    wrong usage: an unknown command or flag, a value that is not allowed, or a mistake
       in a scenario file
  3    it could not be done: no sockets, no disk, a process that failed
  130  interrupted (Ctrl-C); what was measured until then is reported`

const rootExample = `  ioverlay run scenario.yaml --world proc
  ioverlay sim scenario.yaml --seeds 1..1000 --until-fail`

// Program is a program on iOverlay.
type Program struct {
	Name     string             // as it calls itself
	Command  string             // what its user types to start it, in what it says of how it is used
	Example  string             // of its root's help: lines with two spaces before them; empty for that of every program
	Registry *scenario.Registry // the algorithms that scenarios and nodes can name
	// More, if set, makes commands that the program has besides those of every program.
	More func(*console.App) []*cobra.Command
}

// Run executes one command line, the program's name first, and returns the exit code.
func (p Program) Run(args []string, s console.Streams) int {
	a := &console.App{Streams: s, Name: p.Name, Command: p.Command, Args: args, Registry: p.Registry}
	return a.Execute(p.Root(a))
}

// Root is the tree of the program's commands.
func (p Program) Root(a *console.App) *cobra.Command {
	all := commands(a)
	if p.More != nil {
		all = append(all, p.More(a)...)
	}
	return a.Root(&cobra.Command{
		Use:     p.Name,
		Short:   "Overlay middleware: run, measure and control nodes",
		Long:    rootHelp,
		Example: cmp.Or(p.Example, rootExample),
	}, all...)
}
