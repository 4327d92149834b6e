package node

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// child is an "ioverlay node" under the test's control.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	id  string
}

// startNode starts one and reads its first report, which says where it listens.
func startNode(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: clitest.Program(t, append([]string{"node", "--control"}, args...)...)}
	c.cmd.Stderr = errFile(t)
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // if it has not ended yet
		_ = c.cmd.Wait()
	})
	c.id = c.read().Node
	return c
}

// errFile is a file for a child's standard error, shown if the test fails.
func errFile(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.Close()
		if text, err := os.ReadFile(path); t.Failed() && err == nil {
			t.Logf("standard error:\n%s", text)
		}
	})
	return f
}

func (c *child) read() (r nodereport.Report) {
	c.t.Helper()
	line, err := c.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		c.t.Fatalf("the node's report %q: %v", line, err)
	}
	return r
}

func (c *child) tell(command string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		c.t.Fatal(err)
	}
}

// until asks for reports until one fits.
func (c *child) until(fits func(nodereport.Report) bool) nodereport.Report {
	c.t.Helper()
	for {
		c.tell("report")
		if r := c.read(); fits(r) {
			return r
		}
	}
}

// end waits for the process and returns its exit code.
func (c *child) end() int {
	_, _ = io.Copy(io.Discard, c.out) // until its output ends
	_ = c.cmd.Wait()                  // the code says it all
	return c.cmd.ProcessState.ExitCode()
}

// deadPort is an address where nobody listens.
func deadPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// A relay says what it forwarded, its sources and sinks what they sent and took.
func TestRelaysReportWhatTheyForward(t *testing.T) {
	const msgs = 1000
	sink := startNode(t, "--sink", "--lanes", "shared")
	relay := startNode(t, "--downstream", sink.id, "--downstream", sink.id, "--lanes", "shared")
	source := startNode(t, "--downstream", relay.id, "--source", "back-to-back", "--messages", fmt.Sprint(msgs), "--payload", "100", "--lanes", "shared")
	sink.until(func(r nodereport.Report) bool { return r.Messages == 2*msgs })
	if r := relay.until(func(nodereport.Report) bool { return true }); r.Forwarded != 2*msgs || r.Sent != 0 || r.Messages != 0 || r.Lost != 0 {
		t.Errorf("the relay reports %+v", r)
	}
	if r := source.until(func(nodereport.Report) bool { return true }); r.Forwarded != 0 || r.Sent != msgs || r.Lost != 0 {
		t.Errorf("the source reports %+v", r)
	}
	if r := sink.until(func(nodereport.Report) bool { return true }); r.Forwarded != 0 || r.OutOfOrder != msgs {
		t.Errorf("the sink, which gets everything twice, reports %+v", r)
	}
}

// What a source was refused is lost, at any time and at its end.
func TestRefusedSourcesReportTheirLosses(t *testing.T) {
	const msgs = 5000
	source := startNode(t, "--downstream", deadPort(t), "--source", "back-to-back", "--messages", fmt.Sprint(msgs), "--payload", "100")
	r := source.until(func(r nodereport.Report) bool { return r.Sent == msgs && r.Lost == msgs })
	if r.LostOut != msgs || r.Missing != 0 || r.LostIn != 0 {
		t.Errorf("the source reports %+v", r)
	}
	source.tell("stop")
	if code := source.end(); code != console.ExitOK {
		t.Errorf("exit code %d", code)
	}
}

// A source that was refused everything does not say "lost 0" at its end. All signals
// that end a node end it alike.
func TestEndingSignalsReport(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			heard := make(chan os.Signal, 1)
			signal.Notify(heard, sig) // or the node would inherit that it is ignored, if these tests were started by nohup
			defer signal.Stop(heard)
			cmd := clitest.Program(t, "node", "--downstream", deadPort(t), "--source", "back-to-back", "--payload", "100", "--messages", "300")
			cmd.Stderr = errFile(t)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan() // it is up, and its source has been added
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			lines.Scan()
			last := lines.Text()
			_ = cmd.Wait()
			var sent, forwarded, lost int
			if _, err := fmt.Sscanf(last, "sent %d  forwarded %d  received 0 (0.0 MB)  lost %d", &sent, &forwarded, &lost); err != nil || sent != lost || forwarded != 0 {
				t.Errorf("the last line is %q (%v): whatever was sent is lost", last, err)
			}
			if code := cmd.ProcessState.ExitCode(); code != console.ExitOK {
				t.Errorf("exit code %d after %v", code, sig)
			}
		})
	}
}

// A process that was started to outlive its terminal does.
func TestNohupIsObeyed(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	c := clitest.Program(t, "node", "--control")
	c.Args = append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`, c.Path}, c.Args[1:]...)
	c.Path = sh
	n := &child{t: t, cmd: c}
	c.Stderr = errFile(t)
	n.in, _ = c.StdinPipe()
	out, _ := c.StdoutPipe()
	n.out = bufio.NewReader(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	n.read()
	if err := c.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	n.tell("report")
	n.read()
	n.tell("stop")
	if code := n.end(); code != console.ExitOK {
		t.Errorf("exit code %d", code)
	}
}

// A node is known by what it advertises, and obeys its observer, by whichever link.
func TestNodesObeyTheirObserver(t *testing.T) {
	e, err := engine.New(engine.Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	observer, err := e.AddNode(&algos.Base{}, engine.NodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := e.AddNode(&algos.Base{}, engine.NodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n := startNode(t, "--observer", observer.ID().String())
	to, err := core.ParseNodeID(n.id)
	if err != nil {
		t.Fatal(err)
	}
	terminate := func(by *engine.Node) {
		t.Helper()
		if err := by.Do(func(c *core.Node) { c.Send(c.NewMsg(wire.TypeTerminateNode, 0, 0), to) }); err != nil {
			t.Fatal(err)
		}
	}
	terminate(stranger)
	n.until(func(r nodereport.Report) bool { return r.Refused == 1 })
	terminate(observer)
	if code := n.end(); code != console.ExitFailed {
		t.Errorf("exit code %d of a node that was terminated", code)
	}
}

func TestNodesAdvertise(t *testing.T) {
	n := startNode(t, "--listen", "0.0.0.0:0", "--advertise", "192.0.2.1:7001")
	if n.id != "192.0.2.1:7001" {
		t.Errorf("the node is %q", n.id)
	}
	n.tell("stop")
	if code := n.end(); code != console.ExitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestWrongNodeFlagsSayWhatIsAllowed(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--downstream 224.0.0.1:7001", console.ExitUsage, "multicast"},
		{"--downstream 255.255.255.255:7001", console.ExitUsage, "broadcast"},
		{"--downstream 0.0.0.0:7001", console.ExitUsage, "unspecified"},
		{"--downstream [ff02::1]:7001", console.ExitUsage, "multicast"},
		{"--downstream [fe80::1%eth0]:7001 --downstream [fe80::2%eth1]:7001", console.ExitUsage, "not that of the other peers"},
		{"--downstream [fe80::1%nowhere0]:7001", console.ExitFailed, "no such network interface"},
		{"--observer example.org:7001", console.ExitUsage, "not a host name"},
		{"--observer 127.0.0.1:0", console.ExitUsage, "1 to 65535"},
		{"--lanes both", console.ExitUsage, "shared (one for all)"},
		{"--advertise 224.0.0.1", console.ExitFailed, "nobody's own"},
		{"--listen 0.0.0.0:0", console.ExitFailed, "--advertise"},
	} {
		r := inside(append([]string{"node"}, strings.Fields(c.args)...)...)
		if r.Code != c.code || !strings.Contains(r.Err, c.says) {
			t.Errorf("node %s: exit code %d, want %d and an error that says %q:\n%s", c.args, r.Code, c.code, c.says, r.Err)
		}
	}
}

func TestANodeIsNotItsOwnDownstream(t *testing.T) {
	for _, args := range [][]string{
		{"--listen", "127.0.0.1:7000", "--downstream", "127.0.0.1:7000"},
		{"--listen", "0.0.0.0:7000", "--advertise", "192.0.2.1", "--downstream", "192.0.2.1:7000"},
		{"--listen", "0.0.0.0:7000", "--advertise", "192.0.2.1:7001", "--downstream", "192.0.2.9:7001", "--downstream", "192.0.2.1:7001"},
	} {
		r := inside(append([]string{"node"}, args...)...)
		if r.Code != console.ExitUsage || !strings.Contains(r.Err, "--downstream") || !strings.Contains(r.Err, "other nodes than this one") {
			t.Errorf("%v: exit code %d, %s", args, r.Code, r.Err)
		}
	}
}
