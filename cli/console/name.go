package console

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shipped is the name of the program that comes with iOverlay. The texts of commands say it where they show how a
// command is used, and those of another program get its name instead.
const shipped = "ioverlay"

// Names are those of this program: the name is for what it says, and the command is what its user types to start it:
// the same, but for "go run", whose program is nowhere to be found afterwards.
func Names() (name, command string) {
	name = filepath.Base(os.Args[0])
	info, ok := debug.ReadBuildInfo()
	if !ok || !fromGoRun(os.Args[0]) || info.Main.Path == "" {
		return name, name
	}
	at := info.Path
	if _, err := os.Stat("go.mod"); err == nil { // in the module's folder, where people are mostly
		at = "." + strings.TrimPrefix(at, info.Main.Path)
	}
	return name, "go run " + at
}

// fromGoRun reports whether an executable is one that "go run" has built: in a temporary folder, or in the go command's
// cache.
func fromGoRun(path string) bool {
	dir := filepath.ToSlash(filepath.Dir(path))
	return strings.Contains(dir, "/go-build") && (strings.HasSuffix(dir, "/exe") || strings.HasSuffix(dir, "-d"))
}

// ours finds the files of the repository that iOverlay's own examples of use name: scenarios, and experiments, which are
// called so.
var (
	ours        = regexp.MustCompile(`\bexamples/(?:[\w-]+/)*[\w-]+\.yaml\b`)
	experiments = regexp.MustCompile(`\bexamples/(?:[\w-]+/)*experiment\.yaml\b`)
)

// rename makes the texts of a tree of commands name the program that runs.
func rename(root *cobra.Command, command string) {
	if command == shipped {
		return
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, regexp.QuoteMeta(c.Name()))
	}
	use := regexp.MustCompile(`\b` + shipped + ` (` + strings.Join(names, "|") + `)\b`)
	say := func(text *string) {
		*text = use.ReplaceAllString(*text, strings.ReplaceAll(command, "$", "$$")+" $1")
		*text = experiments.ReplaceAllString(*text, "experiment.yaml")
		*text = ours.ReplaceAllString(*text, "scenario.yaml")
	}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		say(&c.Short)
		say(&c.Long)
		say(&c.Example)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { say(&f.Usage) })
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(root)
}
