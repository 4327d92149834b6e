package node

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// program has the commands of this package.
var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "hanging-") }) {
		clitest.AddHanging(a.Registry, "n7", "new", "bind", "started", "stopping")
	}
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a)))
}

// inside runs a command line in this process.
func inside(args ...string) clitest.Result { return program.Inside(args...) }
