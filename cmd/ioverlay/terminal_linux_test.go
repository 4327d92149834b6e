package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

// screen is a terminal that a test looks at.
type screen struct {
	near, far *os.File // the far end is what a program writes to
	text      strings.Builder
}

// newScreen makes a terminal of so many columns, or skips the test where there can be none.
func newScreen(t *testing.T, columns uint16) *screen {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = near.Close() })
	number, err := unix.IoctlGetInt(int(near.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(near.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	far, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = far.Close() })
	if err := unix.IoctlSetWinsize(int(far.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return &screen{near: near, far: far}
}

// start starts a command whose standard error is the screen, and waits until it shows something.
func (s *screen) start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = s.far
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.far.Close(); err != nil {
		t.Fatal(err)
	}
	if !s.read() {
		t.Fatalf("nothing is shown before the end: %q, %v", s.text.String(), cmd.Wait())
	}
}

// read takes what the program shows next, and reports whether there was something.
func (s *screen) read() bool {
	b := make([]byte, 4096)
	n, err := s.near.Read(b) // fails when the far end is closed
	s.text.Write(b[:n])
	return err == nil
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// widest is the widest line that was shown of a bar: those that are drawn over.
func (s *screen) widest() (widest int, line string) {
	for _, l := range strings.Split(escapes.ReplaceAllString(s.text.String(), ""), "\n") {
		parts := strings.Split(strings.TrimSuffix(l, "\r"), "\r")
		for i, part := range parts {
			if n := utf8.RuneCountInString(part); n > widest && (i < len(parts)-1 || strings.Contains(part, "%")) {
				widest, line = n, part
			}
		}
	}
	return widest, line
}

// Every command that takes its time shows how far it is, on a terminal of any width without scrolling it, and ends with
// 130 after Ctrl-C, whatever it was at.
func TestProgressAndCtrlCOfEveryCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("starts every command")
	}
	const columns = 20
	file := clitest.Scenario(t, strings.ReplaceAll(clitest.Small, "300ms", "100h"))
	for _, args := range [][]string{
		{"bench", "chain", "--nodes", "2", "--links", "mem", "--against", "", "--duration", "10s"},
		{"bench", "gf", "--rounds", "200", "--sample", "50ms"},
		{"bench", "coding", "--rounds", "100", "--duration", "10s"},
		{"bench", "emulation", "--over", "mem", "--window", "100s"},
		{"bench", "failures", "--kinds", "kill-down", "--trials", "100000"},
		{"bench", "probes", "--trials", "100000"},
		{"bench", "agreement", "--worlds", "live", "--window", "100s"},
		{"bench", "sim", "--nodes", "10000", "--messages", "1000000000"},
		{"bench", "idle", "--nodes", "2", "--duration", "100s"},
		{"bench", "footprint", "--connections", "2", "--duration", "100s"},
		{"repro", "fig4", "--world", "live"},
		{"repro", "fig4", "--world", "proc"},
		{"repro", "fig4", "--duration", "1h"},
		{"repro", "all", "--figures", "fig4", "--world", "live"},
		{"repro", "topologies", "--count", "100", "--duration", "1h"},
		{"perf", "switch", "--nodes", "2", "--links", "mem", "--duration", "100s"},
		{"run", file, "--world", "live"},
		{"run", file, "--world", "proc"},
		{"run", file},
		{"sim", file},
		{"sim", clitest.Scenario(t, clitest.Small), "--seeds", "1..1000000000", "--until-fail"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			s := newScreen(t, columns)
			cmd := clitest.Program(t, args...)
			cmd.Dir = t.TempDir() // of out/
			s.start(t, cmd)
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			for s.read() {
			}
			_ = cmd.Wait() // it is the exit code that counts
			if code := cmd.ProcessState.ExitCode(); code != console.ExitInterrupted || !strings.Contains(s.text.String(), "ioverlay: interrupted") {
				t.Errorf("exit code %d: %s", code, s.text.String())
			}
			if n, line := s.widest(); n == 0 || n >= columns {
				t.Errorf("a line of %d characters: %q", n, line)
			}
			if strings.Contains(s.text.String(), "panic") {
				t.Errorf("%s", s.text.String())
			}
		})
	}
	if left, err := filepath.Glob(".ioverlay-*"); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
