package subprocess_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// pooled is what a child of a pool answers: the greeting, how many requests it has had, and who it is.
type pooled struct {
	Greeting string
	Asked    int
	Pid      int
}

// playPooled serves requests: a number, of which 0 is never answered, and below 0 is the end.
func playPooled() error {
	a := pooled{Pid: os.Getpid()}
	return subprocess.Serve(os.Stdin, os.Stdout, func(line []byte) error {
		return json.Unmarshal(line, &a.Greeting)
	}, func(line []byte) (any, error) {
		var n int
		if err := json.Unmarshal(line, &n); err != nil {
			return nil, err
		}
		switch {
		case n == 0:
			forever()
		case n < 0:
			os.Exit(9)
		}
		a.Asked++
		return a, nil
	})
}

func TestPool(t *testing.T) {
	p := subprocess.NewPool(command(t, "pooled"), "hello")
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	ask := func(n int, spent bool) (a pooled, err error) {
		err = p.Do(t.Context(), n, &a, func() bool { return spent })
		return a, err
	}
	first, err := ask(1, false)
	if err != nil || first.Greeting != "hello" || first.Asked != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := ask(1, true)
	if err != nil || again.Pid != first.Pid || again.Asked != 2 {
		t.Errorf("%+v after %+v, %v", again, first, err)
	}
	other, err := ask(1, false)
	if err != nil || other.Pid == first.Pid || other.Asked != 1 {
		t.Errorf("a spent child answers: %+v after %+v, %v", other, first, err)
	}
	var ended *subprocess.EndedError
	if _, err = ask(-1, false); !errors.As(err, &ended) || ended.State.ExitCode() != 9 {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err = p.Do(ctx, 0, new(pooled), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if a, err := ask(1, false); err != nil || a.Asked == 0 {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	all.Wait()
}
