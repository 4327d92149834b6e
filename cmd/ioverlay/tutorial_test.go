package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/console"
)

// Every command line of this program on the tutorial's page has flags that exist and
// as many arguments as it takes.
func TestTheTutorialsCommandLines(t *testing.T) {
	page, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^bin/ioverlay (.*)$`).FindAllStringSubmatch(string(page), -1)
	if len(lines) < 3 {
		t.Fatalf("only %d command lines", len(lines))
	}
	for _, line := range lines {
		cmd, args, err := program().Root(new(console.App)).Find(strings.Fields(line[1]))
		if err == nil {
			err = cmd.ParseFlags(args)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil || !cmd.Runnable() {
			t.Errorf("%s: %v", line[0], err)
		}
	}
}
