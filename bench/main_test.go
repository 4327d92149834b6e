package bench

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childMode is the environment variable that makes this test binary the child of Process.
const childMode = "IOVERLAY_BENCH_TEST_CHILD"

// hangFile is the one that names the file which the mode "hang" removes.
const hangFile = "IOVERLAY_BENCH_TEST_FILE"

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "":
		goleak.VerifyTestMain(m)
	case "serve":
		spec := os.Args[len(os.Args)-1]
		if err := ServePoint(context.Background(), Kinds(), spec, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "crash":
		fmt.Fprintln(os.Stderr, "the child's last words")
		os.Exit(7)
	case "babble":
		fmt.Println(`{"kind":"raw","unheard_of":1}`)
	case "hang":
		if err := os.Remove(os.Getenv(hangFile)); err != nil {
			os.Exit(1)
		}
		<-time.After(time.Hour)
	}
}

// tinySpec is a point that takes a few milliseconds.
func tinySpec(kind, pass string, nodes int) Spec {
	s := Spec{Kind: kind, Pass: pass, Nodes: nodes, PayloadBytes: 1000, Loops: 1, Round: 1,
		Warmup: time.Millisecond, Duration: 20 * time.Millisecond}
	if pass == PassLatency {
		s.RatePerSecond = 5000
	}
	return s
}
