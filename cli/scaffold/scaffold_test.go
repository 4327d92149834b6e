package scaffold

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

func inside(args ...string) clitest.Result {
	return clitest.Run(func(args []string, s console.Streams) int {
		a := clitest.App(args, s)
		return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a)))
	}).Inside(args...)
}

// What docs/experiments.md says of an afternoon works in a module of its own, with this checkout and what it has
// downloaded: what is written builds, passes its own test, holds what its scenario expects, and ends in a chart.
func TestNewPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and tests a program")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	commands, table := afternoon(t, root)
	dir := filepath.Join(t.TempDir(), strings.Fields(commands[0])[2])
	r := inside("new", dir, "--module", "example.com/somebody/overlay", "--replace", root)
	for _, command := range commands[1:] {
		if r.Code != console.ExitOK || !strings.Contains(r.Out, "\n  "+command) && !strings.HasPrefix(command, "cd ") {
			t.Fatalf("new does not say %q: %+v", command, r)
		}
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum")) // in place of "go mod tidy", which may download
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		// Without debug information, linking takes half the time.
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -ldflags=-w", "GOPROXY=off", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if bad := command("gofmt", "-l", "."); bad != "" {
		t.Errorf("not formatted: %s", bad)
	}
	command("go", "vet", "./...")
	var printed string
	for _, line := range commands[3:] { // after new, cd, and tidy
		printed += command(strings.Fields(line)...)
	}
	for _, want := range append(table, "rumour: 31 nodes", "80 of 80 runs", "95% interval") {
		if !strings.Contains(printed, want) {
			t.Errorf("nothing says %q:\n%s", want, printed)
		}
	}
	if strings.Contains(printed, "FAILED") || strings.Contains(printed, "did not hold") {
		t.Errorf("what is expected does not hold:\n%s", printed)
	}
	chart, err := os.ReadFile(filepath.Join(dir, "out", "charts", "mean-delay.svg"))
	if err != nil || !strings.Contains(string(chart), "fanout") {
		t.Errorf("no chart: %v", err)
	}
	if out := command("go", "run", ".", "run", "--help"); !strings.Contains(out, "go run . run scenario.yaml --world sim") {
		t.Errorf("%s", out)
	}
}

// afternoon are the commands of the document, and lines of what the last one prints.
func afternoon(t *testing.T, root string) (commands, table []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "experiments.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## An afternoon\n")
	blocks := strings.Split(section, "\n```\n")
	if len(blocks) < 4 {
		t.Fatal("the page has no afternoon")
	}
	commands, table = strings.Split(blocks[1], "\n"), strings.Split(blocks[3], "\n")
	if len(commands) < 6 || !strings.HasPrefix(commands[0], "ioverlay new ") || commands[2] != "go mod tidy" {
		t.Fatalf("the page has other commands: %q", commands)
	}
	return commands, table
}

func TestNewUsage(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(t.TempDir(), "named")
	if err := os.Rename(full, named); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "accepts 1 arg"},
		{[]string{"My Overlay"}, "small letters"},
		{[]string{"3d"}, "small letters"},
		{[]string{"relay"}, "given away"},
		{[]string{"swim"}, "given away"}, {[]string{"my-test"}, "given away"}, {[]string{"chord-windows"}, "given away"},
		{[]string{"x-arm64"}, "given away"}, {[]string{"test-scenario"}, "given away"}, {[]string{"null"}, "given away"},
		{[]string{"../x/main"}, "given away"},
		{[]string{named}, "is not empty"},
		{[]string{"x", "--module", "a b"}, "--module"},
		{[]string{"x", "--replace", t.TempDir()}, "iOverlay's go.mod"},
	} {
		if r := inside(append([]string{"new"}, c.args...)...); r.Code != console.ExitUsage || !strings.Contains(r.Err, c.says) {
			t.Errorf("%v: exit code %d, without %q: %s", c.args, r.Code, c.says, r.Err)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("something was written")
	}
}

// Whatever a folder is called, go.mod has it as the go command reads it.
func TestReplaceByAnyFolder(t *testing.T) {
	for _, name := range []string{"plain", "my check out", "a//b", `"quoted" 'twice' ` + "`thrice`", "(brackets), commas", "héllo wörld", "=> x"} {
		at := t.TempDir()
		checkout, dir := filepath.Join(at, name), filepath.Join(at, "my programs", "overlay")
		if err := os.MkdirAll(checkout, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(checkout, "go.mod"), []byte("module github.com/ioverlay/ioverlay\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		r := inside("new", dir, "--replace", checkout)
		if r.Code != console.ExitOK || !strings.Contains(r.Out, "cd '"+dir+"'\n") {
			t.Fatalf("%q: %+v", name, r)
		}
		cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
		out, err := cmd.CombinedOutput()
		var mod struct {
			Replace []struct{ New struct{ Path string } }
		}
		if err != nil || json.Unmarshal(out, &mod) != nil || len(mod.Replace) != 1 || mod.Replace[0].New.Path != filepath.Clean(checkout) {
			t.Errorf("%q: %v: %s", name, err, out)
		}
	}
	odd := filepath.Join(t.TempDir(), `back\slash`)
	if err := os.MkdirAll(odd, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(odd, "go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := inside("new", filepath.Join(t.TempDir(), "overlay"), "--replace", odd); r.Code != console.ExitUsage || !strings.Contains(r.Err, "the go command") {
		t.Errorf("%+v", r)
	}
}
