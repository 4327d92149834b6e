// Command ioverlay runs, measures and controls iOverlay nodes. See "ioverlay --help".
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

func main() {
	os.Exit(program().Run(os.Args, console.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// program is what every program on iOverlay is, and what only this one has: it measures the engine.
func program() cli.Program {
	return cli.Program{
		Name: "ioverlay", Command: "ioverlay", Registry: scenario.Shipped(), More: more,
		Example: "  ioverlay bench chain\n  ioverlay version --format json",
	}
}

// app is the program under way.
type app struct{ *console.App }

func more(c *console.App) []*cobra.Command {
	a := &app{c}
	return []*cobra.Command{a.bench(), a.repro(), a.perf(), a.soak()}
}
