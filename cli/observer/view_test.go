package observer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
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

// Two recordings are served on one page, until somebody interrupts.
func TestViewTwo(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	out, lines := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := &console.App{Streams: console.Streams{Out: lines, Err: &errs}}
	f := HTTPFlags{Address: "127.0.0.1:0"}
	ended := make(chan error, 1)
	go func() {
		ended <- view(ctx, a, f, []string{recordingOf(t, "a", "b"), recordingOf(t, "a", "c")})
		_ = lines.Close()
	}()
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err, <-ended)
	}
	page, ok := strings.CutPrefix(strings.TrimSpace(said), "page ")
	if !ok {
		t.Fatalf("it said %q", said)
	}
	for path, want := range map[string]string{
		"meta": `"twin":true`, "snapshot": `"name":"b"`, "twin/meta": `"mode":"sim"`, "twin/snapshot": `"name":"c"`, "twin/updates?from=0&to=1": `"updates":`,
	} {
		if got := get(t, page+"api/v1/"+path); !strings.Contains(got, want) {
			t.Errorf("%s is %s, without %s", path, got, want)
		}
	}
	if got := get(t, page+"api/v1/twin/meta"); strings.Contains(got, `"twin"`) {
		t.Errorf("the twin has a twin: %s", got)
	}
	cancel()
	if err := <-ended; !errors.Is(err, console.ErrInterrupted) {
		t.Error(err)
	}
	if why := `node 1 is "b" in one and "c" in the other`; !strings.Contains(errs.String(), why) {
		t.Errorf("%q without %q", &errs, why)
	}
}

func TestViewNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &console.App{Streams: console.Streams{Out: &out, Err: &out}}
	if err := view(t.Context(), a, HTTPFlags{Address: "127.0.0.1:0"}, []string{filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "open the recording") {
		t.Error(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(url, r.Status, string(b), err)
	}
	return string(b)
}
