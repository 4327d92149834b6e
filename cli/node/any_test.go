package node

import (
	"bufio"
	"encoding/json"
	"os"
	"os/signal"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// A node runs any algorithm that the program knows, and reports what comes to it.
func TestAnyAlgorithm(t *testing.T) {
	const msgs = 300
	sink := startNode(t, "--algorithm", "gossip", "--sink", "--param", "probability=100%")
	source := startNode(t, "--algorithm", "gossip", "--downstream", sink.id, "--source", "back-to-back", "--messages", "300", "--payload", "100")
	r := sink.until(func(r nodereport.Report) bool { return r.Messages == msgs })
	if r.Bytes != 100*msgs || r.Corrupt != 0 || r.Lost != 0 {
		t.Errorf("the sink reports %+v", r)
	}
	if r = source.until(func(nodereport.Report) bool { return true }); r.Sent != msgs || r.Lost != 0 {
		t.Errorf("the source reports %+v", r)
	}
	for _, n := range []*child{source, sink} {
		n.tell("stop")
		if code := n.end(); code != console.ExitOK {
			t.Errorf("exit code %d", code)
		}
	}
}

// A node that passes nothing on, by its parameter, keeps all from the one behind it.
func TestParametersOfANode(t *testing.T) {
	const msgs = 300
	sink := startNode(t, "--algorithm", "gossip")
	middle := startNode(t, "--algorithm", "gossip", "--param", "probability=0", "--downstream", sink.id)
	source := startNode(t, "--algorithm", "gossip", "--downstream", middle.id, "--source", "back-to-back", "--messages", "300", "--payload", "100")
	middle.until(func(r nodereport.Report) bool { return r.Messages == msgs })
	for _, n := range []*child{source, middle} {
		n.tell("stop")
		n.end()
	}
	if r := sink.until(func(nodereport.Report) bool { return true }); r.Messages != 0 {
		t.Errorf("the sink reports %+v", r)
	}
}

func TestWrongAlgorithms(t *testing.T) {
	for args, says := range map[string]string{
		"--algorithm gosip":                             "allowed: chord, cyclon, gossip, hyparview, mesh, plumtree, relay, rlnc, rlnc-window, sflow, swim or tree",
		"--algorithm gossip --param p=1":                `no parameter "p"`,
		"--algorithm gossip --param probability=2":      "from 0 to 1",
		"--param probability=1":                         `"relay" has no parameter "probability"`,
		"--algorithm gossip --upstream 224.0.0.1:7001":  "--upstream",
		"--algorithm gossip --observer example.org:700": "not a host name",
	} {
		if r := inside(append([]string{"node"}, strings.Fields(args)...)...); r.Code != console.ExitUsage || !strings.Contains(r.Err, says) {
			t.Errorf("%s: exit code %d, without %q: %s", args, r.Code, says, r.Err)
		}
	}
}

// What an algorithm keeps of itself is in reports: as values, as a line for people, and in the last report what came after the one before.
func TestMetricsOfANode(t *testing.T) {
	n := startNode(t, "--algorithm", "swim", "--param", "period=400ms")
	r := n.until(func(r nodereport.Report) bool { return r.Metrics != nil })
	if r.Metrics.Gauges["members"] != 1 || r.Metrics.Counters["alive"] != 1 {
		t.Errorf("the node reports %+v", r.Metrics)
	}
	n.tell("stop")
	n.end()

	heard := make(chan os.Signal, 1)
	signal.Notify(heard, os.Interrupt) // or the node would inherit that it is ignored, if these tests were started by nohup
	defer signal.Stop(heard)
	cmd := clitest.Program(t, "node", "--algorithm", "swim", "--format", "json")
	cmd.Stderr = errFile(t)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan() // it is up, and its algorithm has been bound
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	lines.Scan()
	var last nodereport.Report
	if err := json.Unmarshal(lines.Bytes(), &last); err != nil || last.Metrics == nil || last.Metrics.Gauges["members"] != 1 {
		t.Errorf("the last report is %s: %v", lines.Text(), err)
	}
	_ = cmd.Wait()
}
