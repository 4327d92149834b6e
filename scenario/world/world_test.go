package world_test

import (
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
