package node

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// freeAddress is one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.83.19.7:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// startNode starts a node's process, which is interrupted when the test ends, and
// returns what it says.
func startClockNode(t *testing.T, args ...string) *bufio.Scanner {
	t.Helper()
	cmd := clitest.Program(t, append([]string{"node"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { interruptNode(t, cmd, out) })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("a node has not said where it listens: %v", lines.Err())
	}
	return lines
}

func interruptNode(t *testing.T, cmd *exec.Cmd, out io.Reader) {
	t.Helper()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // a sink that has lost the beginning of the stream says so with its exit code
}

// Latencies between processes are measured by one clock: of nodes that are started by
// hand, and of those that are told when their world began. A message that comes to a
// node younger than its sender would otherwise arrive before it was sent.
func TestLatencyBetweenProcesses(t *testing.T) {
	for name, epoch := range map[string][]string{
		"by hand": nil,
		"told":    {"--epoch", strconv.FormatInt(int64(engine.Clock()), 10)},
	} {
		t.Run(name, func(t *testing.T) {
			sink := freeAddress(t)
			startClockNode(t, append([]string{"--source", "rate:200", "--payload", "100", "--downstream", sink}, epoch...)...)
			lines := startClockNode(t, append([]string{"--listen", sink, "--sink", "--latency", "--report", "20ms", "--format", "json"}, epoch...)...)
			for lines.Scan() {
				var r nodereport.Report
				if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
					t.Fatalf("%q: %v", lines.Text(), err)
				}
				if r.Messages < 20 {
					continue
				}
				h, err := hdrhistogram.Decode([]byte(r.LatencyHDR))
				if err != nil {
					t.Fatal(err)
				}
				if h.TotalCount() == 0 || h.Min() <= 1 {
					t.Errorf("%d messages measured, and one took %d ns", h.TotalCount(), h.Min())
				}
				return
			}
			t.Fatalf("the sink ended before it had its messages: %v", lines.Err())
		})
	}
}

func TestEpochFlag(t *testing.T) {
	for _, epoch := range []string{"0", "-5", strconv.FormatInt(int64(engine.Clock())+int64(1e15), 10)} {
		if r := inside("node", "--epoch="+epoch); r.Code != console.ExitUsage || r.Out != "" {
			t.Errorf("--epoch=%s: exit code %d, %q, %q; want %d", epoch, r.Code, r.Out, r.Err, console.ExitUsage)
		}
	}
}
