package subprocess_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// asEnded wants an error that says how a child ended.
func asEnded(t *testing.T, err error) *subprocess.EndedError {
	t.Helper()
	var e *subprocess.EndedError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an EndedError", err)
	}
	return e
}

// ended wants an error that says how a child ended, in these words among others.
func ended(t *testing.T, err error, says ...string) {
	t.Helper()
	_ = asEnded(t, err)
	for _, want := range says {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestAnswersComeInOrder(t *testing.T) {
	p := start(t, command(t, "echo"))
	type message struct{ N int }
	for i := range 100 {
		if err := p.Send(message{i}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		var m message
		if err := p.Receive(t.Context(), &m); err != nil || m.N != i {
			t.Fatalf("answer %d is %d: %v", i, m.N, err)
		}
	}
	var s string
	if err := p.Ask(t.Context(), `"hello"`, &s); err != nil || s != "hello" {
		t.Errorf("%q, %v", s, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if e := asEnded(t, p.Err()); !e.State.Success() {
		t.Errorf("%v", e)
	}
	if err := p.SendLine("too late"); err == nil || !strings.Contains(err.Error(), "the echo") {
		t.Errorf("something was told to a child that is gone: %v", err)
	}
}

// What nobody reads does not stop a child, nor does a line without end; the last lines are kept, the taken are not.
func TestStderrNeverBlocks(t *testing.T) {
	for _, taken := range []bool{false, true} {
		c := command(t, "chatter")
		var lines, longest int // read when the child has ended
		c.Log = func(line []byte) bool {
			lines, longest = lines+1, max(longest, len(line))
			return taken
		}
		p := start(t, c)
		var s string
		if err := p.Receive(t.Context(), &s); err != nil || s != "done" {
			t.Fatalf("%q, %v", s, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		said := asEnded(t, p.Err()).Said
		if lines != 200_002 || longest > 64<<10 {
			t.Errorf("%d lines, the longest of %d bytes", lines, longest)
		}
		if len(said) > 4<<10 || strings.HasSuffix(said, "the last line") == taken {
			t.Errorf("taken %v: kept %q", taken, said)
		}
	}
}

func TestDeathIsNoticed(t *testing.T) {
	for _, c := range []struct {
		part string
		fell func(p *subprocess.Process)
		says []string
	}{
		{"crash", func(*subprocess.Process) {}, []string{"the crash", "exit status 7", "the last words"}},
		{"echo", func(p *subprocess.Process) { _ = p.Signal(syscall.SIGKILL) }, []string{"the echo", "killed"}},
		{"echo", func(p *subprocess.Process) { _ = p.Signal(syscall.SIGSEGV) }, []string{"segmentation fault"}},
		{"heir", nil, []string{"the heir", "exit status 5"}},
	} {
		p := start(t, command(t, c.part))
		if c.fell == nil { // the first line is whom it leaves behind
			var heir int
			if err := p.Receive(t.Context(), &heir); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = syscall.Kill(heir, syscall.SIGKILL) })
		} else {
			c.fell(p)
		}
		var v any
		ended(t, p.Receive(t.Context(), &v), c.says...)
		<-p.Done()
		ended(t, p.Err(), c.says...)
		ended(t, p.Close(), c.says...)
		if err := p.Signal(syscall.SIGCONT); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("a child that is gone was signalled: %v", err)
		}
		if err := p.Kill(); err != nil {
			t.Errorf("a second end: %v", err)
		}
	}
}

// An answer that was written before the end is there after it.
func TestAnswerOutlivesTheChild(t *testing.T) {
	p := start(t, command(t, "late"))
	<-p.Done()
	var s string
	if err := p.Receive(t.Context(), &s); err != nil || s != "in time" {
		t.Errorf("%q, %v", s, err)
	}
	ended(t, p.Receive(t.Context(), &s), "exit status 0", "no answer")
}

func TestAnswerThatIsNoJSON(t *testing.T) {
	p := start(t, command(t, "babble"))
	var v any
	if err := p.Receive(t.Context(), &v); err == nil || !strings.Contains(err.Error(), "the babble") || !strings.Contains(err.Error(), "no JSON") {
		t.Errorf("%v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// A child whose last word fills the pipe ends all the same.
func TestCloseDrains(t *testing.T) {
	if err := start(t, command(t, "farewell")).Close(); err != nil {
		t.Error(err)
	}
}

func TestStubbornChildrenAreKilled(t *testing.T) {
	c := command(t, "stubborn")
	c.Grace = time.Millisecond
	enough := errors.New("enough")
	for name, end := range map[string]func(p *subprocess.Process, cancel context.CancelCauseFunc) error{
		"closed": func(p *subprocess.Process, _ context.CancelCauseFunc) error { return p.Close() },
		"the context ends": func(p *subprocess.Process, cancel context.CancelCauseFunc) error {
			cancel(enough)
			var v any
			return p.Receive(t.Context(), &v)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			p, err := subprocess.Start(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			var ready string
			if err := p.Receive(t.Context(), &ready); err != nil {
				t.Fatal(err)
			}
			ended(t, end(p, cancel), "signal: killed")
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The end of the context asks first.
func TestContextAsksToEnd(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	p, err := subprocess.Start(ctx, command(t, "obedient"))
	if err != nil {
		t.Fatal(err)
	}
	var ready string
	if err := p.Receive(t.Context(), &ready); err != nil {
		t.Fatal(err)
	}
	cancel(enough)
	err = p.Receive(t.Context(), &ready)
	ended(t, err, "exit status 3", "asked to end", "enough")
	if !errors.Is(err, enough) {
		t.Errorf("%v does not wrap the context's cause", err)
	}
	if _, err := subprocess.Start(ctx, command(t, "echo")); !errors.Is(err, enough) {
		t.Errorf("started after the end of its context: %v", err)
	}
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
}

// Waiting for an answer ends with its own context; the child does not.
func TestReceiveEndsWithItsContext(t *testing.T) {
	p := start(t, command(t, "echo"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var v any
	if err := p.Receive(ctx, &v); !errors.Is(err, context.Canceled) || p.Err() != nil {
		t.Errorf("%v, %v", err, p.Err())
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	_, err := subprocess.Start(t.Context(), subprocess.Command{Name: "node x", Program: []string{"/no/such/program"}})
	if err == nil || !strings.Contains(err.Error(), "node x") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestOutput(t *testing.T) {
	out, err := subprocess.Output(t.Context(), command(t, "late"))
	if err != nil || string(out) != "\"in time\"\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, err = subprocess.Output(t.Context(), command(t, "crash"))
	ended(t, err, "exit status 7", "the last words")
	_, err = subprocess.Output(t.Context(), command(t, "heir"))
	ended(t, err, "exit status 5")
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := command(t, "chatter") // it waits for the end of its input, which stays open
	c.Log = func(line []byte) bool {
		if string(line) == "the last line" {
			cancel(enough)
		}
		return false
	}
	if _, err = subprocess.Output(ctx, c); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
}

// When a parent is killed, its children die, even those that do not look at their input.
func TestChildrenDieWithTheParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the end of standard input has to do")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	p := start(t, command(t, "parent", l.Addr().String()))
	var ready string
	if err := p.Receive(t.Context(), &ready); err != nil {
		t.Fatal(err)
	}
	grandchild, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = grandchild.Close() }()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := grandchild.Read(make([]byte, 1)); err == nil {
		t.Error("the grandchild said something")
	} // the end of the connection is the grandchild's: nobody else had it
}

// Many are started side by side, no more than the limit at a time, and all are well.
func TestParallel(t *testing.T) {
	const n, limit = 40, 8
	c := command(t, "echo")
	processes := make([]*subprocess.Process, n)
	var now, most atomic.Int64
	err := subprocess.Parallel(t.Context(), n, limit, func(ctx context.Context, i int) (err error) {
		at := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); at > m && !most.CompareAndSwap(m, at); m = most.Load() {
		}
		if processes[i], err = subprocess.Start(t.Context(), c); err != nil {
			return err
		}
		var back int
		return processes[i].Ask(ctx, "1", &back)
	})
	if err != nil || most.Load() > limit {
		t.Errorf("%d at a time: %v", most.Load(), err)
	}
	for _, p := range processes {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestParallelStopsAtTheFirstError(t *testing.T) {
	bad := errors.New("bad")
	var calls atomic.Int64
	err := subprocess.Parallel(t.Context(), 1000, 2, func(ctx context.Context, i int) error {
		calls.Add(1)
		if i == 0 {
			return bad
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, bad) || errors.Is(err, context.Canceled) || calls.Load() > 3 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(bad)
	if err := subprocess.Parallel(ctx, 3, 2, func(context.Context, int) error { t.Error("called"); return nil }); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
}

// stuck is a writer that takes nothing until it is let go.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// A writer that takes nothing stops nobody; what it missed is counted.
func TestForwarder(t *testing.T) {
	w := &stuck{free: make(chan struct{})}
	f := subprocess.NewForwarder(w)
	log := f.Log("node a")
	for range 10_000 {
		if log([]byte("hello")) {
			t.Fatal("a line was taken")
		}
	}
	close(w.free)
	for text := ""; !strings.Contains(text, "lines dropped)\nnode a: hello"); { // until there is room again
		log([]byte("hello"))
		w.mu.Lock()
		text = w.text.String()
		w.mu.Unlock()
		runtime.Gosched()
	}
	f.Close()
	if !strings.HasPrefix(w.text.String(), "node a: hello\nnode a: hello\n") {
		t.Errorf("%.100q", w.text.String())
	}
}
