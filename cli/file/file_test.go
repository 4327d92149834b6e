package file

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a)))
}

func TestWrongUsage(t *testing.T) {
	for args, says := range map[string]string{
		"send":                        "accepts 1 arg",
		"send --block 63 x":           "64 to 262144",
		"send --quiet 0s x":           "above 0",
		"send --receivers -1 x":       "0 to 1048576",
		"send --receivers 1 --stay x": "none with --stay",
		"send --give-up -1s x":        "0 or more",
		"send --rate fast x":          "2MBps",
		"send --app 0 x":              "1 and up",
		"send --algorithm rlnc x":     "--downstream",
		"send --algorithm nothing x":  "allowed:",
		"receive --id 12":             "32 hex digits",
		"receive --dir=":              "directory",
		"receive --linger -1s":        "0 or more",
		"receive --give-up -1s":       "0 or more",
		"receive --upstream here":     "--upstream",
		"receive --format xml":        "--format",
		"receive --param policy=best": "policy",
		"receive more":                "unknown",
	} {
		if r := program.Inside(append([]string{"file"}, strings.Fields(args)...)...); r.Code != console.ExitUsage || !strings.Contains(r.Err, says) {
			t.Errorf("%s: exit code %d, without %q: %s", args, r.Code, says, r.Err)
		}
	}
	if r := program.Inside("file", "send", filepath.Join(t.TempDir(), "nothing")); r.Code != console.ExitFailed || !strings.Contains(r.Err, "nothing") {
		t.Errorf("a file that is not there: exit code %d: %s", r.Code, r.Err)
	}
}

// child is a process of the command.
type child struct {
	*exec.Cmd
	id    string
	mu    sync.Mutex
	said  []string      // lines on standard error
	news  chan struct{} // there are more, or it has ended
	ended chan struct{} // standard error has
}

// begin starts one, and waits until it says where its node is. It is killed at the end of the test.
func begin(t *testing.T, args ...string) *child {
	t.Helper()
	c := tryBegin(t, args...)
	if c == nil {
		t.Fatalf("%v has ended before it had a node", args)
	}
	return c
}

// tryBegin is begin, but nil for a process that ends before it has a node, as one does whose address is taken.
func tryBegin(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{Cmd: clitest.Program(t, append([]string{"file"}, args...)...), news: make(chan struct{}, 1), ended: make(chan struct{})}
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); <-c.ended; _ = c.Wait() })
	go func() {
		defer close(c.ended)
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			c.mu.Lock()
			c.said = append(c.said, lines.Text())
			c.mu.Unlock()
			select {
			case c.news <- struct{}{}:
			default:
			}
		}
		_, _ = io.Copy(io.Discard, errs)
	}()
	if said, found := c.find(func(line string) bool {
		id, is := strings.CutPrefix(line, "node ")
		c.id = id
		return is
	}); !found {
		t.Logf("%v has ended, and said %q", args, said)
		return nil
	}
	return c
}

// until waits for a line that something holds for, of those that have come since the last call.
func (c *child) until(t *testing.T, holds func(line string) bool) {
	t.Helper()
	if said, found := c.find(holds); !found {
		t.Fatalf("it has ended, and said %q", said)
	}
}

// find is until, but it says what the process has said last if there is no such line.
func (c *child) find(holds func(line string) bool) (said []string, found bool) {
	for over := false; ; {
		c.mu.Lock()
		lines := c.said
		c.said = nil
		c.mu.Unlock()
		for i, line := range lines {
			if holds(line) {
				c.mu.Lock()
				c.said = append(lines[i+1:], c.said...)
				c.mu.Unlock()
				return nil, true
			}
		}
		if over {
			return lines, false
		}
		select {
		case <-c.news:
		case <-c.ended:
			over = true
		}
	}
}

// has waits until a receiver has so many blocks.
func (c *child) has(t *testing.T, blocks uint64) {
	t.Helper()
	c.until(t, func(line string) bool {
		var r sinkReport
		return json.Unmarshal([]byte(line), &r) == nil && r.SinkCounts.Blocks >= blocks
	})
}

// last waits for the end, and is what was reported last, and the exit code.
func (c *child) last(t *testing.T, report any) (code int) {
	t.Helper()
	<-c.ended
	_ = c.Wait() // the exit code says it
	for _, line := range c.said {
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), report); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
	return c.ProcessState.ExitCode()
}

// write makes a file of noise.
func write(t *testing.T, length int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, length)
	dice := rand.New(rand.NewPCG(uint64(length), 0))
	for i := range data {
		data[i] = byte(dice.Uint32())
	}
	path = filepath.Join(t.TempDir(), "image.bin")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path, data
}

func same(t *testing.T, dir string, data []byte) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(dir, "image.bin")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%s: %d bytes, %v", dir, len(got), err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("%s: %v, %v", dir, all, err)
	}
}

// Real processes: a source, a receiver, others below it in a tree. The one in the middle is killed with kill -9, and one of the others interrupted
// and begun again. Those that are left have the file in the end, and the source knows.
func TestProcessesKilledAndResumed(t *testing.T) {
	path, data := write(t, 1_500_000)
	source := begin(t, "send", "--format", "json", "--param", "period=200ms", "--param", "bandwidth=100KBps", "--block", "5000", "--rate", "300KBps",
		"--receivers", "2", "--quiet", "1h", path)
	receiver := func(dir, bandwidth string, contacts ...string) *child {
		args := []string{"receive", "--dir", dir, "--format", "json", "--report", "50ms", "--linger", "1h", "--param", "period=200ms", "--param", "bandwidth=" + bandwidth}
		for _, id := range contacts {
			args = append(args, "--contact", id)
		}
		return begin(t, args...)
	}
	middle := receiver(t.TempDir(), "10000KBps", source.id) // so much that the tree puts the others below it
	middle.has(t, 5)
	dirs := []string{t.TempDir(), t.TempDir()}
	stays, goes := receiver(dirs[0], "100KBps", source.id, middle.id), receiver(dirs[1], "100KBps", source.id, middle.id)
	goes.has(t, 10)
	if err := goes.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var was sinkReport
	if code := goes.last(t, &was); len(was.Transfers) != 1 || was.Transfers[0].Have < 10 || code != map[bool]int{false: console.ExitInterrupted, true: console.ExitOK}[was.Transfers[0].Whole] {
		t.Fatalf("interrupted, it ends with %d: %+v", code, was)
	}
	if err := middle.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	again := receiver(dirs[1], "100KBps", source.id, stays.id)
	var sent sourceReport
	if code := source.last(t, &sent); code != console.ExitOK || sent.Whole != 2 || sent.Bad != 0 {
		t.Errorf("the source ends with %d: %+v", code, sent)
	}
	for i, c := range []*child{stays, again} {
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		var r sinkReport
		code := c.last(t, &r)
		if code != console.ExitOK || len(r.Transfers) != 1 || !r.Transfers[0].Whole || r.Bad != 0 {
			t.Errorf("receiver %d ends with %d: %+v", i, code, r)
		}
		if i == 1 && (r.Transfers[0].Had != was.Transfers[0].Have || int(r.SinkCounts.Blocks) != 300-r.Transfers[0].Had && !was.Transfers[0].Whole) {
			t.Errorf("it went on with %d blocks, took %d, and had had %d", r.Transfers[0].Had, r.SinkCounts.Blocks, was.Transfers[0].Have)
		}
		same(t, dirs[i], data)
	}
}

// Coded, through a relay that takes the file too.
func TestCodedProcesses(t *testing.T) {
	path, data := write(t, 400_000)
	dirs := []string{t.TempDir(), t.TempDir()}
	var leaf, relay, source *child
	for range 10 { // each names those beside it, so their addresses are chosen before; another program may take one
		at := freeAddresses(t, 3)
		receive := func(i int, more ...string) *child {
			return tryBegin(t, append([]string{"receive", "--algorithm", "rlnc", "--listen", at[i], "--upstream", at[i-1], "--dir", dirs[i-1], "--linger", "1h", "--format", "json"}, more...)...)
		}
		if leaf, relay = receive(2), receive(1, "--downstream", at[2]); leaf == nil || relay == nil {
			continue
		}
		source = tryBegin(t, "send", "--algorithm", "rlnc", "--listen", at[0], "--downstream", at[1], "--receivers", "2", "--quiet", "1h", "--block", "4000", "--format", "json", path)
		if source != nil {
			break
		}
	}
	if source == nil {
		t.Fatal("no addresses are free for long enough")
	}
	var sent sourceReport
	if code := source.last(t, &sent); code != console.ExitOK || sent.Whole != 2 {
		t.Errorf("the source ends with %d: %+v", code, sent)
	}
	for i, c := range []*child{relay, leaf} {
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		var r sinkReport
		if code := c.last(t, &r); code != console.ExitOK || r.Whole != 1 || r.Bad != 0 {
			t.Errorf("receiver %d ends with %d: %+v", i, code, r)
		}
		same(t, dirs[i], data)
	}
}

// Nobody comes: the source waits, gives up if it is told to, and says so.
func TestNobody(t *testing.T) {
	path, _ := write(t, 1000)
	for args, says := range map[string]string{"--receivers 1": "0 of 1 receivers", "--stay": "nobody has come for 200ms"} {
		r := clitest.Finish(t, clitest.Program(t, append(strings.Fields("file send --quiet 1ms --give-up 200ms "+args), path)...))
		if r.Code != console.ExitViolation || !strings.Contains(r.Err, says) || !strings.Contains(r.Err, "nothing was sent") {
			t.Errorf("%s: exit code %d: %s", args, r.Code, r.Err)
		}
	}
	waits := begin(t, "send", "--quiet", "1ms", "--report", "50ms", "--format", "json", path)
	waits.until(t, func(line string) bool {
		var r sourceReport
		return json.Unmarshal([]byte(line), &r) == nil && r.Polls >= 2 // long after it has been quiet
	})
	if err := waits.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var r sourceReport
	if code := waits.last(t, &r); code != console.ExitInterrupted || r.Came || r.Sent != 0 || r.Polls == 0 {
		t.Errorf("interrupted, it ends with %d: %+v", code, r)
	}
}

// A source that is killed says nothing any more: its receiver gives up, says why, and goes on with what it has when there is a source again.
func TestASourceIsKilled(t *testing.T) {
	path, data := write(t, 500_000)
	dir := t.TempDir()
	source := begin(t, "send", "--param", "period=200ms", "--block", "5000", "--rate", "100KBps", path)
	receive := func(contact, giveUp string) *child {
		return begin(t, "receive", "--contact", contact, "--param", "period=200ms", "--dir", dir, "--format", "json", "--report", "50ms", "--give-up", giveUp, "--linger", "0s")
	}
	sink := receive(source.id, "5s")
	sink.has(t, 5)
	if err := source.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var was sinkReport
	if code := sink.last(t, &was); code != console.ExitViolation || len(was.Transfers) != 1 || was.Transfers[0].Whole || was.Transfers[0].Have < 5 {
		t.Fatalf("it ends with %d: %+v, and says %q", code, was, sink.said)
	}
	if said := strings.Join(sink.said, "\n"); !strings.Contains(said, "nothing of the file has come for 5s") || !strings.Contains(said, "the same command goes on") {
		t.Errorf("it says %s", said)
	}
	again := begin(t, "send", "--param", "period=200ms", "--block", "5000", "--stay", path)
	var is sinkReport
	if code := receive(again.id, "1h").last(t, &is); code != console.ExitOK || len(is.Transfers) != 1 || is.Transfers[0].Had != was.Transfers[0].Have {
		t.Errorf("it ends with %d: %+v, after %+v", code, is, was)
	}
	same(t, dir, data)
}

// A window that is too short for blocks lets none get away: the source ends, and says what to do.
func TestBlocksLongerThanTheWindowCodes(t *testing.T) {
	path, _ := write(t, 10_000)
	for range 10 {
		at := freeAddresses(t, 2)
		sink := tryBegin(t, "receive", "--algorithm", "rlnc-window", "--listen", at[1], "--upstream", at[0], "--dir", t.TempDir())
		source := tryBegin(t, "send", "--algorithm", "rlnc-window", "--param", "size=1000", "--listen", at[0], "--downstream", at[1], "--block", "5000", path)
		if sink == nil || source == nil {
			continue
		}
		var none sourceReport
		if code := source.last(t, &none); code != console.ExitFailed || !strings.Contains(strings.Join(source.said, "\n"), "size to the bytes of the longest") {
			t.Errorf("it ends with %d, and says %q", code, source.said)
		}
		return
	}
	t.Fatal("no addresses are free for long enough")
}
