package stream

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps/stream"
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
		"send --app 0":                "1 and up",
		"send --input ftp://x":        "--input",
		"send --packets 0":            "1 to 256",
		"send --max-wait 0s":          "above 0",
		"send --repair 4":             "EVERY/WINDOW",
		"send --repair 0/0":           "EVERY/WINDOW",
		"send --repair 9/4":           "EVERY/WINDOW",
		"send --repair 4/257":         "EVERY/WINDOW",
		"send --algorithm rlnc":       "as they are",
		"send --algorithm nothing":    "allowed:",
		"send --contact here":         "--contact",
		"send --report -1s":           "interval",
		"send --linger -1s":           "0 or more",
		"receive --give-up -1s":       "0 or more",
		"receive --output film.ts":    "--output",
		"receive --delay -1s":         "0 or more",
		"receive --format xml":        "--format",
		"receive --param policy=best": "policy",
		"demo --seconds 1":            "4 to 3600",
		"demo --delay 0s":             "above 0",
		"demo --repair x":             "EVERY/WINDOW",
		"demo --format xml":           "--format",
		"demo --out=":                 "folder",
		"send more":                   "unknown",
	} {
		if r := program.Inside(append([]string{"stream"}, strings.Fields(args)...)...); r.Code != console.ExitUsage || !strings.Contains(r.Err, says) {
			t.Errorf("%s: exit code %d, without %q: %s", args, r.Code, says, r.Err)
		}
	}
}

// child is a process of the command.
type child struct {
	*exec.Cmd
	id   string
	errs *bufio.Reader
	read chan []byte // standard output, when it has ended

	latest atomic.Uint64 // number of the last packet on it
}

// begin starts one, and waits until it says where its node is. It is killed at the end of the test.
func begin(t *testing.T, in io.Reader, args ...string) *child {
	t.Helper()
	c := &child{Cmd: clitest.Program(t, append([]string{"stream"}, args...)...), read: make(chan []byte, 1)}
	c.Stdin = in
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	go func() {
		var film []byte
		for block := make([]byte, 64<<10); ; {
			n, err := out.Read(block)
			film = append(film, block[:n]...)
			if whole := len(film) - len(film)%stream.PacketLen; whole > 0 {
				i, _ := stream.CheckSynthetic(film[whole-stream.PacketLen : whole])
				c.latest.Store(i)
			}
			if err != nil {
				c.read <- film
				return
			}
		}
	}()
	c.errs = bufio.NewReader(errs)
	c.id = c.line(t, "node ")
	return c
}

// line is the rest of the next line on standard error that begins so.
func (c *child) line(t *testing.T, begins string) string {
	t.Helper()
	for {
		line, err := c.errs.ReadString('\n')
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), begins); is {
			return rest
		}
		if err != nil {
			t.Fatalf("no line %q: %v", begins, err)
		}
	}
}

// last waits for the end, and is what was reported last.
func (c *child) last(t *testing.T) (r sinkReport, out []byte, code int) {
	t.Helper()
	text, _ := io.ReadAll(c.errs)
	out = <-c.read
	_ = c.Wait() // the exit code says it
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
	return r, out, c.ProcessState.ExitCode()
}

// indices are the numbers of the packets of a synthetic film, and whether all of it is whole and in order.
func indices(film []byte) (all []uint64, whole bool) {
	whole = len(film)%stream.PacketLen == 0
	for at := 0; at+stream.PacketLen <= len(film); at += stream.PacketLen {
		i, ok := stream.CheckSynthetic(film[at : at+stream.PacketLen])
		whole = whole && ok && (len(all) == 0 || i > all[len(all)-1])
		all = append(all, i)
	}
	return all, whole
}

// Real processes: a source, a receiver, another below it whose parent is killed with kill -9. The one that is left plays the film whole,
// but for what it counts as lost; a viewer that comes at the end of the process's life sees it end.
func TestProcessesAndAKilledParent(t *testing.T) {
	feedEnd, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = feed.Close() }()
	source := begin(t, feedEnd, "send", "--format", "json", "--algorithm", "tree", "--param", "bandwidth=100KBps", "--param", "period=200ms")
	_ = feedEnd.Close() // the child has its own
	// The first has so much bandwidth that the tree puts the second below it.
	first := begin(t, nil, "receive", "--contact", source.id, "--param", "bandwidth=10000KBps", "--param", "period=200ms", "--output", "-", "--report", "50ms", "--format", "json")
	at := uint64(0) // messages written
	write := func() {
		var message [7 * stream.PacketLen]byte
		for i := range uint64(7) {
			stream.Synthetic(message[i*stream.PacketLen:], 7*at+i)
		}
		if _, err := feed.Write(message[:]); err != nil {
			t.Fatal(err)
		}
		at++
	}
	plays := func(c *child) {
		for r := (sinkReport{}); r.Played == 0; {
			write()
			if err := json.Unmarshal([]byte("{"+c.line(t, "{")), &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	plays(first)
	go func() { _, _ = io.Copy(io.Discard, first.errs) }() // or it would wait for a reader
	second := begin(t, nil, "receive", "--contact", source.id, "--contact", first.id, "--param", "bandwidth=100KBps", "--param", "period=200ms", "--output", "-", "--report", "50ms", "--format", "json")
	plays(second)
	if err := first.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for before := 7 * at; second.latest.Load() < before; { // until it has another parent, from which what is written now comes
		write()
		second.line(t, "{")
	}
	for range 10 {
		write()
	}
	_ = feed.Close()
	packets := 7 * at
	r, out, code := second.last(t)
	all, whole := indices(out)
	if !whole || len(all) == 0 || all[len(all)-1] != packets-1 || uint64(len(all))+r.Skipped != 7*r.Played || r.Bad != 0 {
		t.Errorf("%d packets to number %d, whole: %v; %+v", len(all), all[max(len(all)-1, 0)], whole, r)
	}
	if want := map[bool]int{true: console.ExitOK, false: console.ExitViolation}[r.Lost == 0]; code != want {
		t.Errorf("exit code %d with %d lost", code, r.Lost)
	}
	text, _ := io.ReadAll(source.errs)
	if _ = source.Wait(); source.ProcessState.ExitCode() != console.ExitOK || !strings.Contains(string(text), fmt.Sprintf(`"media":%d,`, at)) {
		t.Errorf("the source ends with %d and says %s", source.ProcessState.ExitCode(), text)
	}
}

// A source that is killed tells no end: its receiver gives up, and says why.
func TestASourceIsKilled(t *testing.T) {
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), feed.Close() }()
	source := begin(t, in, "send", "--param", "period=200ms")
	sink := begin(t, nil, "receive", "--contact", source.id, "--param", "period=200ms", "--output", "-", "--delay", "0s", "--report", "50ms", "--format", "json", "--give-up", "2s")
	for r := (sinkReport{}); r.Played == 0; {
		if _, err := feed.Write(synthetic(7)); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte("{"+sink.line(t, "{")), &r); err != nil {
			t.Fatal(err)
		}
	}
	if err := source.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(sink.errs)
	<-sink.read
	if _ = sink.Wait(); sink.ProcessState.ExitCode() != console.ExitViolation || !strings.Contains(string(text), "no media have come for 2s") {
		t.Errorf("exit code %d: %s", sink.ProcessState.ExitCode(), text)
	}
}

// synthetic is a film of so many packets.
func synthetic(packets int) []byte {
	film := make([]byte, packets*stream.PacketLen)
	for i := range packets {
		stream.Synthetic(film[i*stream.PacketLen:], uint64(i))
	}
	return film
}

// The demo, with the real ffmpeg, if it is there.
func TestDemo(t *testing.T) {
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed (apt-get install ffmpeg): %v", name, err)
		}
	}
	if testing.Short() {
		t.Skip("it takes as long as its film")
	}
	dir := t.TempDir()
	r := clitest.Finish(t, clitest.Program(t, "stream", "demo", "--out", dir, "--seconds", "6", "--format", "json"))
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	var report demoReport
	if err := json.Unmarshal([]byte(r.Out), &report); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "report.json")); err != nil || string(kept) != r.Out {
		t.Errorf("what is kept is not what was said: %v", err)
	}
	if len(report.Nodes) != demoNodes-2 || report.Orphans == 0 || report.Source.Junk != 0 {
		t.Errorf("%d nodes, %d orphans, source %+v", len(report.Nodes), report.Orphans, report.Source)
	}
	for _, n := range report.Nodes {
		if n.Video.Whole == 0 || n.Audio.Whole == 0 || n.Decoded["video"] == 0 || n.Decoded["audio"] == 0 || n.Sink.Bad != 0 {
			t.Errorf("%s: %+v", n.Name, n)
		}
		if n.Sink.Lost == 0 && report.Source.Dropped == 0 && (n.Video.Altered > 0 || n.Video.Whole < n.Video.All-1) { // the last picture has no end
			t.Errorf("%s lost nothing, and has %+v", n.Name, n.Video)
		}
	}
}

func TestHashes(t *testing.T) {
	f := readHashes([]byte("#format: frame checksums\n0, 1, 2, 3, 100, aa\n1, 1, 2, 3, 10, bb\n0, 2, 2, 3, 100, aa\n0, 3, 2, 3, 100, cc\n"))
	got := frames{"0 aa": 1, "0 dd": 2, "1 bb": 1}
	if whole, altered, all := f.arrived(got, "0"); whole != 1 || altered != 2 || all != 3 {
		t.Errorf("%d whole and %d altered of %d", whole, altered, all)
	}
}
