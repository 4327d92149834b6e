package run

import (
	"os"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/trace"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// program has the commands of this package, and the one that looks at the traces that sim writes.
var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	if os.Getenv(withImpure) != "" {
		register(a.Registry)
	}
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a), Sim(a), Check(a), CheckChild(a), HuntChild(a), Compare(a), Schema(a), Child(a), trace.Command(a)))
}

// inside runs a command line in this process.
func inside(args ...string) clitest.Result { return program.Inside(args...) }
