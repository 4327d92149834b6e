package node

import (
	"bufio"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// Out of descriptors a node goes on, and its reports do too.
func TestReportsNeedNoDescriptors(t *testing.T) {
	n := startNode(t, "--sink")
	none := unix.Rlimit{}
	if err := unix.Prlimit(n.cmd.Process.Pid, unix.RLIMIT_NOFILE, &none, nil); err != nil {
		t.Skipf("cannot limit a child: %v", err)
	}
	for range 3 {
		n.until(func(r nodereport.Report) bool { return r.Node == n.id })
	}
	n.tell("stop")
	if code := n.end(); code != console.ExitOK {
		t.Errorf("exit code %d", code)
	}
}

// Nobody reads a node's standard error, and the pipe is full from the start: the node
// works, reports what it could not say, and ends.
func TestNobodyReadsStandardError(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }() // so that the pipe has a reader to the end
	size, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096)
	if err != nil {
		t.Skipf("cannot make a small pipe: %v", err)
	}
	if _, err := w.WriteString(strings.Repeat("x", size)); err != nil {
		t.Fatal(err)
	}
	cmd := clitest.Program(t, "node", "--verbose", "--downstream", deadPort(t), "--source", "back-to-back", "--messages", "1000")
	cmd.Stderr = w
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	lines := bufio.NewScanner(out)
	lines.Scan() // it is up
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	lines.Scan()
	if !strings.HasPrefix(lines.Text(), "sent ") {
		t.Errorf("the last line is %q", lines.Text())
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != console.ExitOK {
		t.Errorf("exit code %d", code)
	}
}
