package world_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// childRole is the environment variable that makes this test binary a node's process.
const childRole = "IOVERLAY_WORLD_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childRole) {
	case "node":
		if err := world.ServeChild(host.Shipped(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "silent": // takes what it is told and never answers
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "mortal": // boots, and dies
		if bufio.NewScanner(os.Stdin).Scan() {
			fmt.Println("{}")
		}
		fmt.Fprintln(os.Stderr, "out of memory, say")
		os.Exit(9)
	default:
		goleak.VerifyTestMain(m)
	}
}

// procWorld is a world of processes that are this test binary.
func procWorld(t *testing.T, role string) world.World {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(childRole, role)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector makes processes linger for a second otherwise
	w, err := world.New("proc", world.Options{Plan: plan(t, "tcp"), Registry: host.Shipped(), Child: []string{program}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// setups are the first nodes of a world, all relays but the one that has no algorithm.
func setups(w world.World, count, bad int) (nodes []int, all []host.Setup) {
	for i := range count {
		s := host.Setup{Name: fmt.Sprintf("n%d", i+1), ID: w.ID(i), Algorithm: "relay", Seed: uint64(i)}
		if i == bad {
			s.Algorithm = "none such"
		}
		nodes, all = append(nodes, i), append(all, s)
	}
	return nodes, all
}

// A process that dies is told of with its node, how it ended and what it said last.
func TestProcessThatDies(t *testing.T) {
	w := procWorld(t, "mortal")
	nodes, all := setups(w, 1, -1)
	if err := w.Boot(t.Context(), 0, all[0]); err != nil {
		t.Fatal(err)
	}
	_, err := w.Count(nodes)
	for err == nil { // what it was told before its end may be lost in its input
		_, err = w.Count(nodes)
	}
	for _, want := range []string{"node n1", "exit status 9", "out of memory, say"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// Processes that start side by side all answer.
func TestProcessesSideBySide(t *testing.T) {
	w := procWorld(t, "node")
	nodes, all := setups(w, 20, -1)
	if err := w.(world.Booter).BootAll(t.Context(), nodes, all); err != nil {
		t.Fatal(err)
	}
	counters, err := w.Count(nodes)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range counters {
		if c.Ended || c.At == 0 {
			t.Errorf("node %d: %+v", i, c)
		}
	}
	if err := w.Kill(3); err != nil {
		t.Fatal(err)
	}
	if counters, err = w.Count(nodes); err != nil || !counters[3].Ended || counters[4].Ended {
		t.Errorf("%v, %+v", err, counters[3:5])
	}
}

func TestProcessesSideBySideThatFail(t *testing.T) {
	w := procWorld(t, "node")
	nodes, all := setups(w, 20, 5)
	err := w.(world.Booter).BootAll(t.Context(), nodes, all)
	if err == nil || !strings.Contains(err.Error(), "node n6") || !strings.Contains(err.Error(), "none such") || strings.Contains(err.Error(), "node n7") {
		t.Errorf("%v", err)
	}
}

// Ctrl-C while processes start does not wait for one that never answers.
func TestProcessesThatNeverAnswer(t *testing.T) {
	w := procWorld(t, "silent")
	ctx, cancel := context.WithCancel(t.Context())
	nodes, all := setups(w, 4, -1)
	cancel()
	if err := w.(world.Booter).BootAll(ctx, nodes, all); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := w.Boot(ctx, 0, all[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func plan(t *testing.T, transport string) *spec.Plan {
	t.Helper()
	p, err := spec.Parse("x.yaml", []byte("name: x\nduration: 1s\ntransport: "+transport+"\nnodes: [n1..n300]\napplications: []\n"),
		spec.Options{Algorithms: host.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every node has an address of its own before it runs, in every world.
func TestAddresses(t *testing.T) {
	for _, c := range []struct{ world, transport string }{{"sim", "tcp"}, {"live", "tcp"}, {"live", "mem"}, {"proc", "tcp"}} {
		w, err := world.New(c.world, world.Options{Plan: plan(t, c.transport), Registry: host.Shipped(), Child: []string{"none"}})
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[core.NodeID]bool)
		for i := range 300 {
			if id := w.ID(i); id.IsZero() || seen[id] {
				t.Errorf("%s: node %d has the address %v", c.world, i, id)
			} else {
				seen[id] = true
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWorldsThatCannotBe(t *testing.T) {
	for _, c := range []struct{ world, says string }{{"moon", "no world"}, {"proc", "Options.Child"}} {
		if _, err := world.New(c.world, world.Options{Plan: plan(t, "tcp"), Registry: host.Shipped()}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.world, err)
		}
	}
}

// A program that cannot be started, or that is no node, is an error that names the
// node.
func TestProcessesThatAreNoNodes(t *testing.T) {
	for _, child := range [][]string{{"/no/such/program"}, {"true"}, {"echo", "hello"}} {
		w, err := world.New("proc", world.Options{Plan: plan(t, "tcp"), Registry: host.Shipped(), Child: child})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Boot(t.Context(), 0, host.Setup{Name: "n1", Algorithm: "relay", ID: w.ID(0)}); err == nil || !strings.Contains(err.Error(), "n1") {
			t.Errorf("%v: %v", child, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A node's process answers what it does not understand with an error, not a panic.
func TestChildThatIsToldNonsense(t *testing.T) {
	w, err := world.New("proc", world.Options{Plan: plan(t, "tcp"), Registry: host.Shipped(), Child: []string{"none"}})
	if err != nil {
		t.Fatal(err)
	}
	id := w.ID(0).String()
	boot := `{"setup":{"name":"n","id":"` + id + `","algorithm":"relay","seed":1},"tuning":{}}` + "\n"
	for _, c := range []struct {
		in, out string // part of what it answers
		fails   bool
	}{
		{"", "", true},
		{"nonsense\n", `"error"`, true},
		{`{"setup":{"name":"n","id":"` + id + `","algorithm":"none"}}` + "\n", "no algorithm", true},
		{boot, "{}\n", false},
		{boot + `{"ask":"dance"}` + "\n", `no request \"dance\"`, false},
		{boot + "nonsense\n", "{}\n", true},
		{boot + `{"ask":"count"}` + "\n", `"at_ns"`, false},
		{boot + `{"ask":"obey","command":{"op":"slow","per_message_ns":5}}` + "\n", "{}\n{}\n", false},
		{boot + `{"ask":"stop"}` + "\n", "{}\n{}\n", false},
		{boot + `{"ask":"all-up"}` + "\n" + `{"ask":"all-up"}` + "\n" + `{"ask":"stopping"}` + "\n", "{}\n{}\n{}\n{}\n", false},
		{boot + `{"ask":"end"}` + "\n", `"ended":true`, false}, // and without having been told before
		{boot + `{"ask":"stop"}` + "\n" + `{"ask":"stopping"}` + "\n" + `{"ask":"end"}` + "\n" + `{"ask":"end"}` + "\n" + `{"ask":"count"}` + "\n", `"ended":true`, false},
		{strings.Replace(boot, `"tuning":{}`, `"tuning":{},"epoch_ns":-1`, 1), "Options.Epoch", true},
	} {
		var out strings.Builder
		err := world.ServeChild(host.Shipped(), io.NopCloser(strings.NewReader(c.in)), &out)
		if (err != nil) != c.fails || !strings.Contains(out.String(), c.out) {
			t.Errorf("%q: %v, answered %q", c.in, err, out.String())
		}
	}
}
