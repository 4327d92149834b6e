package subprocess_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// role is the environment variable that makes this test binary a child.
const role = "IOVERLAY_SUBPROCESS_TEST_ROLE"

func TestMain(m *testing.M) {
	if r := os.Getenv(role); r != "" {
		os.Exit(play(r))
	}
	goleak.VerifyTestMain(m)
}

// command makes this test binary a child that plays a part.
func command(t *testing.T, part string, args ...string) subprocess.Command {
	t.Helper()
	program, err := subprocess.Self(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(role, part)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector makes processes linger for a second otherwise
	return subprocess.Command{Name: "the " + part, Program: program}
}

func start(t *testing.T, c subprocess.Command) *subprocess.Process {
	t.Helper()
	p, err := subprocess.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

// forever is until the process is killed.
func forever() { select {} }

func play(part string) int {
	signal.Ignore(syscall.SIGPIPE)
	switch part {
	case "echo": // answers each line with it
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			fmt.Println(s.Text())
		}
	case "chatter": // says more than any pipe holds before it answers, in lines and in one line without end
		chatter("line %d\n", 200_000)
		chatter("no end %d ", 200_000)
		fmt.Fprintln(os.Stderr, "\nthe last line")
		fmt.Println(`"done"`)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "crash":
		fmt.Fprintln(os.Stderr, "the last words")
		return 7
	case "babble":
		fmt.Println("no JSON")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "late": // its answer is there when it is gone
		fmt.Println(`"in time"`)
	case "farewell": // fills its output when it is to end
		_, _ = io.Copy(io.Discard, os.Stdin)
		fmt.Println(strings.Repeat("farewell ", 1<<17))
	case "stubborn": // ends for no kind word
		signal.Ignore(syscall.SIGTERM)
		fmt.Println(`"ready"`)
		forever()
	case "obedient": // ends when told to, in its own way
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Println(`"ready"`)
		<-asked
		fmt.Fprintln(os.Stderr, "asked to end")
		return 3
	case "heir": // ends, and leaves somebody behind who holds its output open
		c := exec.Command("sleep", "1000")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := c.Start(); err != nil {
			return 1
		}
		fmt.Println(c.Process.Pid)
		return 5
	case "parent": // has a child that connects to an address
		p := parentOf(os.Args[1])
		fmt.Println(`"ready"`)
		<-p.Done()
	case "pooled":
		if err := playPooled(); err != nil {
			return 1
		}
	case "caller":
		return call(os.Args[1])
	}
	return 0
}

func chatter(format string, times int) {
	w := bufio.NewWriter(os.Stderr)
	for i := range times {
		_, _ = fmt.Fprintf(w, format, i)
	}
	_ = w.Flush()
}

// parentOf starts a child that plays the caller.
func parentOf(addr string) *subprocess.Process {
	program, err := subprocess.Self(addr)
	if err == nil {
		err = os.Setenv(role, "caller")
	}
	if err != nil {
		panic(err)
	}
	p, err := subprocess.Start(context.Background(), subprocess.Command{Name: "the caller", Program: program})
	if err != nil {
		panic(err)
	}
	var ready string
	if err := p.Receive(context.Background(), &ready); err != nil {
		panic(err)
	}
	return p
}

// call holds a connection open for as long as the process lives, whatever becomes of its standard input.
func call(addr string) int {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 1
	}
	defer func() { _ = c.Close() }()
	fmt.Println(`"ready"`)
	forever()
	return 0
}
