package observer

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

func recordingOf(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := recording.NewWriter(&b, recording.Meta{World: "sim"}, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var u record.Update
	for i, name := range names {
		u.Nodes = append(u.Nodes, record.Node{I: uint32(i), Name: record.Set(name)})
	}
	if err := w.Update(&u); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(recording.End{}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "run.rec")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Two recordings are served at two addresses, until somebody interrupts.
func TestViewTwo(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &console.App{Streams: console.Streams{Out: &out, Err: &errs}}
	f := HTTPFlags{Address: "127.0.0.1:0"}
	err := view(ctx, a, f, []string{recordingOf(t, "a", "b"), recordingOf(t, "a", "c")})
	if err == nil || strings.Count(out.String(), "page http://127.0.0.1:") != 2 || !strings.Contains(errs.String(), `node 1 is "b" in one and "c" in the other`) {
		t.Errorf("%v\n%s%s", err, &out, &errs)
	}
	if err := view(ctx, a, f, []string{filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "open the recording") {
		t.Error(err)
	}
}

func TestNextAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"127.0.0.1:8080": "127.0.0.1:8081", "127.0.0.1:0": "127.0.0.1:0", "[::1]:9": "[::1]:10", "127.0.0.1:65535": "127.0.0.1:65535"} {
		if got := next(address); got != want {
			t.Errorf("behind %s is %s, want %s", address, got, want)
		}
	}
}
