package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
)

func TestMain(m *testing.M) { os.Exit(clitest.Run(program().Run).Main(m)) }

// program is a user's, with an algorithm that takes a parameter.
func program() cli.Program {
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{Name: "mine", New: func(scenario.Env) (core.Algorithm, error) { return &algos.Base{}, nil }})
	return cli.Program{Name: "mine", Command: "go run ./mine", Registry: r}
}

func inside(args ...string) clitest.Result { return clitest.Run(program().Run).Inside(args...) }

const mine = `name: mine
duration: 300ms
algorithm: mine
nodes: [A..C]
links: [A -> B -> C]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B, messages: 10}]
expect: [sent(A) = 10]
`

// What a user's program says of how it is used names that program, and files that its user can have.
func TestHelpNamesTheProgram(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		texts := cmd.Short + cmd.Long + cmd.Example + cmd.UsageString()
		if strings.Contains(texts, "ioverlay ") || strings.Contains(texts, "examples/") {
			t.Errorf("%q speaks of another program:\n%s", cmd.CommandPath(), texts)
		}
		if !cmd.Hidden && (cmd.Short == "" || cmd.Example == "") {
			t.Errorf("%q lacks a description or an example", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	p := program()
	visit(p.Root(&console.App{Command: p.Command}))
	for _, want := range []string{"go run ./mine run scenario.yaml --world sim", "go run ./mine run FILE [flags]"} {
		if r := inside("run", "--help"); r.Code != console.ExitOK || !strings.Contains(r.Out, want) {
			t.Errorf("exit code %d, without %q:\n%s", r.Code, want, r.Out)
		}
	}
	for _, args := range [][]string{{"help", "help"}, {"help", "--help"}} {
		if r := inside(args...); r.Code != console.ExitOK || !strings.Contains(r.Out, "  go run ./mine help trace show") || strings.Contains(r.Out, "bench") || strings.Contains(r.Out, "ioverlay help") {
			t.Errorf("%v: exit code %d:\n%s%s", args, r.Code, r.Out, r.Err)
		}
	}
	for _, args := range [][]string{{"rnu"}, {"trace", "shwo"}, {"run", "x.yaml", "--world", "moon"}, {"bench"}} {
		r := inside(args...)
		if r.Code != console.ExitUsage || !strings.HasPrefix(r.Err, "mine: ") || !strings.Contains(r.Err, `See "go run ./mine`) {
			t.Errorf("%v: exit code %d: %s", args, r.Code, r.Err)
		}
	}
}

// A user's program runs its algorithms in all worlds, hunts, and knows them in its schema.
func TestAUsersAlgorithm(t *testing.T) {
	file := clitest.Scenario(t, mine)
	for _, world := range []string{"sim", "live", "proc"} {
		r := clitest.Finish(t, clitest.Program(t, "run", file, "--world", world))
		if r.Code != console.ExitOK || !strings.Contains(r.Out, "world "+world) {
			t.Errorf("%s: exit code %d\n%s%s", world, r.Code, r.Out, r.Err)
		}
	}
	fails := clitest.Scenario(t, strings.Replace(mine, "= 10]", "= 11]", 1))
	if r := inside("sim", fails, "--seeds", "1..3", "--until-fail"); r.Code != console.ExitViolation || !strings.Contains(r.Out, "\n  go run ./mine sim "+fails+" --seed 1") {
		t.Errorf("exit code %d: %s%s", r.Code, r.Out, r.Err)
	}
	if r := inside("schema"); !strings.Contains(r.Out, `"mine"`) {
		t.Errorf("the schema does not know the algorithm:\n%s", r.Out)
	}
}

func TestVersionOfAUsersProgram(t *testing.T) {
	if r := inside("version"); r.Code != console.ExitOK || !strings.HasPrefix(r.Out, "mine ") {
		t.Errorf("%+v", r)
	}
	var v console.BuildVersion
	if r := inside("version", "--format", "json"); json.Unmarshal([]byte(r.Out), &v) != nil || v != console.ReadVersion() {
		t.Errorf("%+v", r)
	}
}
