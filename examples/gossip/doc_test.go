package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func tutorial(t *testing.T) string { return read(t, "../../docs/tutorial.md") }

// The code and the scenario on the page stand in the files here.
func TestTheTutorialQuotesCode(t *testing.T) {
	for _, c := range []struct{ language, files string }{{"go", "*.go"}, {"yaml", "*.yaml"}} {
		names, err := filepath.Glob(c.files)
		if err != nil {
			t.Fatal(err)
		}
		var code strings.Builder
		for _, name := range names {
			code.WriteString("\n" + read(t, name))
		}
		blocks := strings.Split(tutorial(t), "```"+c.language+"\n")[1:]
		if len(blocks) == 0 {
			t.Errorf("the page shows no %s", c.language)
		}
		for _, b := range blocks {
			block, _, closed := strings.Cut(b, "```\n")
			if !closed || !strings.Contains(code.String(), "\n"+block) {
				t.Errorf("this is not in the files:\n%s", block)
			}
		}
	}
}

// The page promises an algorithm of less than 60 lines.
func TestTheAlgorithmIsShort(t *testing.T) {
	_, algorithm, found := strings.Cut(read(t, "gossip.go"), "\n)\n\n")
	if lines := strings.Count(algorithm, "\n"); !found || lines >= 60 {
		t.Errorf("the algorithm has %d lines", lines)
	}
}

// program is the one that ioverlay.Main makes of the algorithms.
func program() cli.Program {
	r := scenario.Shipped()
	for _, a := range algorithms {
		r.Add(a)
	}
	return cli.Program{Name: "gossip", Command: command, Registry: r}
}

// command is how the page's command lines begin.
const command = "go run ./examples/gossip"

// Every command line on the page, one after the other in a folder of their own, does
// what the page says: those in virtual time print what stands below them.
func TestTheTutorialPrintsWhatItSays(t *testing.T) {
	blocks := plainBlocks(tutorial(t))
	dir := t.TempDir()
	file := filepath.Join("examples", "gossip", "gossip.yaml")
	if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(read(t, "gossip.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	ran := 0
	for i, block := range blocks {
		if !strings.HasPrefix(block, command) {
			continue
		}
		if strings.Contains(block, "--world") {
			block = strings.NewReplacer(" live", " sim", " proc", " sim").Replace(block) // the flags, at least
		}
		var printed strings.Builder
		for line := range strings.Lines(block) {
			printed.WriteString(execute(t, strings.TrimSpace(line)))
			ran++
		}
		if i+1 == len(blocks) || strings.HasPrefix(blocks[i+1], command) {
			t.Errorf("the page does not show what comes of %s", block)
		} else if !strings.Contains(block, "--world") {
			inOrder(t, block, blocks[i+1], printed.String())
		}
	}
	if ran < 9 {
		t.Errorf("only %d command lines", ran)
	}
}

// plainBlocks are the page's command lines and what they print: its blocks in no language.
func plainBlocks(page string) (blocks []string) {
	inside, plain := false, false
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
			plain = inside && line == "```\n"
			if plain {
				blocks = append(blocks, "")
			}
		case plain:
			blocks[len(blocks)-1] += line
		}
	}
	return blocks
}

// execute runs one command line in this process, and returns what it prints.
func execute(t *testing.T, line string) string {
	t.Helper()
	// Around the seed that fails: under the race detector all take minutes.
	short := strings.Replace(line, "1..1000", "27..32", 1)
	var words []string
	for _, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(strings.TrimPrefix(short, command), -1) {
		words = append(words, strings.Trim(word, `"`))
	}
	r := clitest.Run(program().Run).Inside(words...)
	want := console.ExitOK
	if strings.Contains(line, "hasty") && !strings.Contains(line, "trace show") && (strings.Contains(line, " sim ") || strings.Contains(line, "trace diff")) {
		want = console.ExitViolation
	}
	if r.Code != want {
		t.Errorf("%s: exit code %d, want %d: %s", line, r.Code, want, r.Err)
	}
	return strings.NewReplacer("6 seeds, from 27 to 32", "1000 seeds, from 1 to 1000").Replace(r.Out)
}

// inOrder checks that all lines that the page shows were printed, and in this order, but
// for those that say how long it took and on how many cores. The page may leave lines out.
func inOrder(t *testing.T, of, shown, printed string) {
	t.Helper()
	lines := strings.Split(printed, "\n")
	for line := range strings.Lines(shown) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "world sim") || strings.HasPrefix(line, "after ") {
			continue
		}
		at := slices.Index(lines, line)
		if at < 0 {
			t.Errorf("%sdoes not print this here, which is on the page:\n%s\nbut\n%s", of, line, printed)
			return
		}
		lines = lines[at+1:]
	}
}
