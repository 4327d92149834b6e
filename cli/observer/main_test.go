package observer

import (
	"os"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/node"
	scenarios "github.com/ioverlay/ioverlay/cli/run"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// program has the commands of this package, and nodes and scenarios for them to watch.
var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a), Ctl(a), node.Command(a), scenarios.Command(a), scenarios.Child(a)))
}

// inside runs a command line in this process.
func inside(args ...string) clitest.Result { return program.Inside(args...) }
