package node

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A node takes upstreams that use lanes as it does, and refuses the others with a
// reason in its log. Without --lanes each application has a lane of its own.
func TestNodeLanes(t *testing.T) {
	from, err := core.ParseNodeID("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	perApp := wire.Hello{From: from, App: 7}
	shared := wire.Hello{From: from, App: wire.SharedApp, Flags: wire.HelloShared}
	for _, c := range []struct {
		name  string
		flags []string
		hello wire.Hello
		taken bool
	}{
		{"default, a lane each", nil, perApp, true},
		{"default, one lane", nil, shared, false},
		{"app, a lane each", []string{"--lanes", "app"}, perApp, true},
		{"shared, one lane", []string{"--lanes", "shared"}, shared, true},
		{"shared, a lane each", []string{"--lanes", "shared"}, perApp, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := clitest.Program(t, append([]string{"node", "--control", "--format", "json"}, c.flags...)...)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			cmd.Stderr = &log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var up struct{ Node string }
			if err := json.NewDecoder(stdout).Decode(&up); err != nil {
				t.Fatal(err)
			}
			heard := visit(t, up.Node, c.hello)
			if err := stdin.Close(); err != nil { // which stops the node
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, stdout); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("the node ended with %v: %s", err, &log)
			}
			bye, err := wire.ParseBye(heard)
			if taken := err == nil && bye.Msgs == 1; taken != c.taken {
				t.Errorf("the node answered %x", heard)
			}
			if refused := strings.Contains(log.String(), "set both alike"); refused == c.taken {
				t.Errorf("the log is %q", &log)
			}
		})
	}
}

// visit opens a lane, sends a message and a bye, and returns what it hears.
func visit(t *testing.T, node string, h wire.Hello) []byte {
	t.Helper()
	c, err := net.Dial("tcp", node)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	frame := make([]byte, wire.HeaderSize)
	wire.PutHeader(frame, wire.Header{Type: wire.TypeData, Sender: h.From, App: 7})
	b := h.AppendTo(nil)
	b = append(b, frame...)
	b = wire.Bye{App: h.App, Msgs: 1, Bytes: wire.HeaderSize}.AppendTo(b)
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	heard, err := io.ReadAll(c)
	if err != nil {
		t.Logf("reading: %v", err) // a node that refuses resets the connection
	}
	return heard
}

func TestNodeLanesUsage(t *testing.T) {
	r := inside("node", "--lanes", "both")
	if r.Code != console.ExitUsage || !strings.Contains(r.Err, "--lanes") || !strings.Contains(r.Err, "app") || !strings.Contains(r.Err, "shared") {
		t.Errorf("exit code %d, %q", r.Code, r.Err)
	}
}
