// Package scaffold has the command that writes the beginning of a program: an algorithm that runs, a scenario with
// expectations, an experiment, a test.
package scaffold

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

//go:embed files/*.tmpl
var files embed.FS

var templates = template.Must(template.ParseFS(files, "files/*.tmpl"))

// start is what the templates are filled with.
type start struct {
	Name    string // of the program, the algorithm and the scenario
	Type    string // of the algorithm, in Go
	Module  string
	Go      string // language version
	Version string // of iOverlay
	Replace string // a folder that stands for it, as go.mod has it; empty for none
}

// Command is the command "new".
func Command(a *console.App) *cobra.Command {
	var module, replace string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write the beginning of a program with an algorithm of your own",
		Long: `Write a module into a new folder NAME: an algorithm that runs, the program with one line,
a scenario with expectations, an experiment with many runs of it, and a test. Change them;
docs/algorithm.md says what an algorithm can do.

The module requires the version of iOverlay that this program has. A checkout of iOverlay
stands for it with --replace.`,
		Example: `  ioverlay new rumour
  ioverlay new rumour --module example.org/rumour --replace ../ioverlay`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := newStart(args[0], module, replace)
			if err != nil {
				return err
			}
			if err := s.write(args[0]); err != nil {
				return err
			}
			return s.tell(a, args[0])
		},
	}
	cmd.Flags().StringVar(&module, "module", "", "path of the module (default example.org/NAME)")
	cmd.Flags().StringVar(&replace, "replace", "", "folder of a checkout of iOverlay to build with")
	return cmd
}

// named is what a name looks like that can be a file's, an algorithm's and a program's.
var named = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// modulePath is what a module's path looks like, closely enough to find mistakes of typing.
var modulePath = regexp.MustCompile(`^[A-Za-z0-9][\w.~-]*(/[\w.~-]+)*$`)

func newStart(dir, module, replace string) (start, error) {
	s := start{Name: filepath.Base(dir), Go: "1.26.0", Version: "v0.0.0"}
	s.Module = cmp.Or(module, "example.org/"+s.Name)
	switch {
	case !named.MatchString(s.Name) || taken(s.Name):
		return s, console.Wrong("%q cannot be the name: small letters and digits, words joined by -, such as my-overlay, and no name that Go or iOverlay has given away", s.Name)
	case !modulePath.MatchString(s.Module):
		return s, console.Usage("module", module, "the path of a module, such as example.org/"+s.Name)
	}
	s.Type = typeName(s.Name)
	v := console.ReadVersion()
	if version := cmp.Or(v.IOverlay, v.Version); released.MatchString(version) {
		s.Version = version
	}
	if replace == "" {
		return s, nil
	}
	if _, err := os.Stat(filepath.Join(replace, "go.mod")); err != nil {
		return s, console.Usage("replace", replace, "a folder with iOverlay's go.mod ("+err.Error()+")")
	}
	path, err := filepath.Abs(replace)
	if err != nil {
		return s, fmt.Errorf("--replace %q: %w", replace, err)
	}
	if strings.Contains(path, `\`) && filepath.Separator != '\\' {
		return s, console.Usage("replace", replace, `a folder without a \ in its path, which the go command takes for one of another system`)
	}
	s.Replace = quoted(path)
	return s, nil
}

// plain is a path that needs no quotes, in go.mod and in a shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./~@%+:=-]+$`)

// quoted is a path as go.mod has it: with spaces and other characters that mean something there it is a Go string.
func quoted(path string) string {
	if plain.MatchString(path) && !strings.Contains(path, "//") {
		return path
	}
	return strconv.Quote(path)
}

// forShell is a path as people type it.
func forShell(path string) string {
	if plain.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// released is a version that can be required: not one of a working tree.
var released = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[\w.-]+)?$`)

// taken reports whether a name has a meaning already: for the go command as a file's, or as an algorithm's here.
func taken(name string) bool {
	switch name {
	case "main", "test", "internal", "vendor", "hello", "test-scenario", "true", "false", "null", "yes", "no", "on", "off":
		return true
	}
	if slices.Contains(scenario.Shipped().Names(), name) {
		return true
	}
	last := name[strings.LastIndexByte(name, '-')+1:] // of a file's name, where it says when to build it
	return last != name && (last == "test" || slices.Contains(systems, last))
}

// systems are the words after which the go command takes a file for those systems and processors only (go help buildconstraint).
var systems = strings.Fields("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos " +
	"386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x sparc64 wasm")

// typeName is the name in Go: my-overlay becomes MyOverlay.
func typeName(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(name, "-") {
		b.WriteRune(unicode.ToUpper(rune(word[0])))
		b.WriteString(word[1:])
	}
	return b.String()
}

// write writes the files into a folder that is not there yet, or empty.
func (s start) write(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return console.Wrong("the folder %q is not empty: give a new name, or take away what is in it", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look into the folder for the program: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the program: %w", err)
	}
	file := strings.ReplaceAll(s.Name, "-", "_")
	for name, to := range map[string]string{
		"go.mod": "go.mod", "main.go": "main.go", "scenario.yaml": "scenario.yaml",
		"experiment.yaml": "experiment.yaml",
		"algorithm.go":    file + ".go", "algorithm_test.go": file + "_test.go",
	} {
		var b strings.Builder
		if err := templates.ExecuteTemplate(&b, name+".tmpl", s); err != nil {
			return fmt.Errorf("write %s: %w", to, err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), []byte(b.String()), 0o644); err != nil {
			return fmt.Errorf("write the program: %w", err)
		}
	}
	return nil
}

// tell says what comes next.
func (s start) tell(a *console.App, dir string) error {
	text := fmt.Sprintf("%s is written. Next:\n  cd %s\n", s.Name, forShell(dir))
	if s.Replace == "" && s.Version == "v0.0.0" {
		text += "  go mod edit -replace github.com/ioverlay/ioverlay=DIR   # a checkout: this program was built from one, without a version\n"
	}
	text += "  go mod tidy\n  go test ./...\n  go run . run scenario.yaml\n  go run . experiment experiment.yaml --out out\n"
	_, err := fmt.Fprint(a.Out, text)
	return err
}
