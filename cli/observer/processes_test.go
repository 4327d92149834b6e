package observer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/observer"
)

// running is the observer as a process of its own.
type running struct {
	cmd *exec.Cmd
	url string
}

func startObserver(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{cmd: clitest.Program(t, append([]string{"observer", "--http", "127.0.0.1:0"}, args...)...)}
	r.cmd.Stderr = os.Stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill() // if it has not ended yet
		_ = r.cmd.Wait()
	})
	for s := bufio.NewScanner(out); s.Scan(); {
		if url, is := strings.CutPrefix(s.Text(), "page "); is {
			r.url = strings.TrimSuffix(url, "/")
			return r
		}
	}
	t.Fatal("it said nothing of its page")
	return nil
}

func (r *running) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait() // it was killed
}

// nodes are the names of those that are shown as up.
func (r *running) nodes(t *testing.T) (up map[string]string) {
	t.Helper()
	res := inside("ctl", "nodes", "--format", "json", "--observer", r.url)
	if res.Code != 0 {
		t.Fatal(res.Err)
	}
	var all []struct {
		Name, ID string
		Up       bool
	}
	if err := json.Unmarshal([]byte(res.Out), &all); err != nil {
		t.Fatal(err)
	}
	up = make(map[string]string)
	for _, n := range all {
		if n.Up {
			up[n.Name] = n.ID
		}
	}
	return up
}

func startNode(t *testing.T, args ...string) {
	t.Helper()
	cmd := clitest.Program(t, append([]string{"node", "--control", "--report", "0"}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill() // if it has not ended yet
		_ = cmd.Wait()
	})
}

// freePort is one that nobody uses.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// An observer that is killed under nodes in processes of their own finds them again when it is started again, with a file of
// those that were there, and without.
func TestAnObserverIsKilledAndStartedAgain(t *testing.T) {
	dir := t.TempDir()
	at, state, log := freePort(t), filepath.Join(dir, "state.json"), filepath.Join(dir, "log.jsonl")
	const nodes = 4
	for i := range nodes {
		startNode(t, "--observer", at, "--name", fmt.Sprintf("n%d", i), "--place", "52.5,13.4,Berlin") // before there is one
	}
	args := []string{"--listen", at, "--state", state, "--log", log, "--poll", "200ms"}
	r := startObserver(t, args...)
	eventually(t, "all nodes are shown", func() bool { return len(r.nodes(t)) == nodes })
	if res := inside("ctl", "set-bandwidth", "--target", "n1", "--up", "50KBps", "--observer", r.url); res.Code != 0 {
		t.Fatal(res.Err)
	}
	eventually(t, "the file has all of them", func() bool {
		text, err := os.ReadFile(state)
		return err == nil && strings.Count(string(text), "127.0.0.1:") == nodes
	})
	r.kill(t)
	r = startObserver(t, args...)
	eventually(t, "all nodes are shown again", func() bool { return len(r.nodes(t)) == nodes })
	r.kill(t)
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	r = startObserver(t, args...)
	eventually(t, "all nodes have found it by themselves", func() bool { return len(r.nodes(t)) == nodes })

	// The log has the order, with who gave it, as JSON lines.
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(text)) {
		var l struct{ Kind, By, Text, At string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		found = found || l.Kind == "control" && strings.Contains(l.By, "ctl") && strings.Contains(l.Text, "up=50000") && strings.Contains(l.Text, "n1") && l.At != ""
	}
	if !found {
		t.Errorf("the order is not in the log:\n%s", text)
	}
}

// Two observers watch the same nodes: the first is obeyed, the other is not.
func TestTwoObserversWatchOneOverlay(t *testing.T) {
	a, b := freePort(t), freePort(t)
	first, second := startObserver(t, "--listen", a, "--poll", "200ms"), startObserver(t, "--listen", b, "--poll", "200ms")
	startNode(t, "--observer", a, "--observer", b, "--name", "n")
	eventually(t, "both show it", func() bool { return len(first.nodes(t)) == 1 && len(second.nodes(t)) == 1 })
	up := func(r *running) float64 {
		res := inside("ctl", "nodes", "--format", "json", "--observer", r.url)
		var all []struct{ Caps struct{ Up float64 } }
		if err := json.Unmarshal([]byte(res.Out), &all); err != nil || len(all) != 1 {
			t.Fatal(res, err)
		}
		return all[0].Caps.Up
	}
	if res := inside("ctl", observer.SetBandwidth, "--target", "n", "--up", "7000", "--observer", second.url); res.Code != 0 {
		t.Fatal(res.Err)
	}
	if res := inside("ctl", observer.SetBandwidth, "--target", "n", "--up", "5000", "--observer", first.url); res.Code != 0 {
		t.Fatal(res.Err)
	}
	eventually(t, "both show what the first has ordered", func() bool { return up(first) == 5000 && up(second) == 5000 })
}
