package cli

import (
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/demo"
	"github.com/ioverlay/ioverlay/cli/experiment"
	"github.com/ioverlay/ioverlay/cli/file"
	"github.com/ioverlay/ioverlay/cli/node"
	"github.com/ioverlay/ioverlay/cli/observer"
	"github.com/ioverlay/ioverlay/cli/record"
	"github.com/ioverlay/ioverlay/cli/run"
	"github.com/ioverlay/ioverlay/cli/scaffold"
	"github.com/ioverlay/ioverlay/cli/stream"
	"github.com/ioverlay/ioverlay/cli/trace"
)

// commands are those of every program. Another one is a package beside these, or a file in one of them, with a function
// that makes it from the program, and a line here.
func commands(a *console.App) []*cobra.Command {
	return []*cobra.Command{
		run.Command(a), run.Sim(a), run.Check(a), run.CheckChild(a), run.HuntChild(a), run.Compare(a), run.Schema(a), run.Child(a),
		experiment.Command(a), experiment.Child(a),
		node.Command(a),
		observer.Command(a), observer.Ctl(a), observer.View(a), demo.Command(a), stream.Command(a), file.Command(a),
		trace.Command(a),
		record.Command(a),
		scaffold.Command(a),
		version(a),
	}
}
