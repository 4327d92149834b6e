package scaffold

import (
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

// What is written builds, passes its own test, and runs its scenario, in a module of its own, with this checkout and what
// it has downloaded.
func TestNewPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and tests a program")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "my-overlay")
	if r := inside("new", dir, "--module", "example.com/somebody/overlay", "--replace", root); r.Code != console.ExitOK || !strings.Contains(r.Out, "go test ./...") {
		t.Fatalf("%+v", r)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
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
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
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
	command("go", "test", "./...")
	if out := command("go", "run", ".", "run", "scenario.yaml", "--world", "sim"); !strings.Contains(out, "my-overlay: 31 nodes") {
		t.Errorf("%s", out)
	}
	if out := command("go", "run", ".", "run", "--help"); !strings.Contains(out, "go run . run scenario.yaml --world sim") {
		t.Errorf("%s", out)
	}
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
