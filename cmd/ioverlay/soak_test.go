package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bench/soak"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestSoakReports(t *testing.T) {
	r := inside("soak", "--minutes", "0.05", "--nodes", "12", "--sessions", "3", "--strangers", "8", "--round", "200ms", "--format", "json")
	var got struct {
		Env map[string]any `json:"env"`
		soak.Result
	}
	if err := json.Unmarshal([]byte(r.Out), &got); err != nil || r.Code != console.ExitOK {
		t.Fatalf("exit code %d, %v\n%s%s", r.Code, err, r.Out, r.Err)
	}
	if got.Kind != "soak" || got.Nodes != 12 || len(got.Samples) == 0 || got.Books.Sent == 0 || got.Books.Balance() != 0 || len(got.Env) == 0 {
		t.Errorf("%+v", got)
	}
}

func TestSoakFlagsAreChecked(t *testing.T) {
	for _, args := range []string{"--minutes 0", "--minutes NaN", "--nodes 3", "--sessions 0", "--rate 0", "--strangers -1", "--round 1ms", "--round 1h", "--format xml"} {
		flag, _, _ := strings.Cut(args, " ")
		if r := inside(append([]string{"soak"}, strings.Fields(args)...)...); r.Code != console.ExitUsage || !strings.Contains(r.Err, flag+" ") {
			t.Errorf("%s: exit code %d, %s", args, r.Code, r.Err)
		}
	}
}
