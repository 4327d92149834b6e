package observer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/record"
)

// lines are what a log was given.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// recording asks for a recording over HTTP, or how it goes if the action is "".
func (p *place) recording(action string) (code int, is api.Recording, problem string) {
	p.t.Helper()
	url := p.svc.URL + "/api/v1/recording"
	var resp *http.Response
	var err error
	if action == "" {
		resp, err = http.Get(url)
	} else {
		resp, err = http.Post(url, "application/json", strings.NewReader(fmt.Sprintf(`{"action":%q}`, action)))
	}
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer := struct {
		*api.Recording
		Problem *string `json:"error"`
	}{&is, &problem}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, is, problem
}

// up is how many nodes are shown as up.
func up(u *record.Update) (n int) {
	for i := range u.Nodes {
		if u.Nodes[i].Up.Or(false) {
			n++
		}
	}
	return n
}

// A recording is begun over REST and ended with ctl while the observer runs: its files are those that --record-size and
// --record-files allow, each can be opened, and the log has who asked.
func TestARecordingIsBegunAndEndedWhileTheObserverRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "watched.rec")
	if err := os.WriteFile(file, []byte("what was there before"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log lines
	p := newPlace(t, live.Options{Poll: 50 * time.Millisecond, LogTo: &log, Record: live.RecordOptions{File: file, Size: 2000, Files: 2}}, api.Listening{}, "a", "b", "c")
	ctl := func(word string, code int, says string) {
		t.Helper()
		if r := inside("ctl", "record", word, "--observer", p.svc.URL); r.Code != code || !strings.Contains(r.Out+r.Err, says) {
			t.Fatalf("ctl record %s: %+v, want the code %d and %q", word, r, code, says)
		}
	}
	ctl("status", 0, "nothing was")
	ctl("stop", 1, "nothing is recorded")
	ctl("pause", 2, "pause")
	if code, _, problem := p.recording("stop"); code != http.StatusConflict || problem == "" {
		t.Errorf("an end of nothing: %d %s", code, problem)
	}
	if code, is, problem := p.recording("start"); code != 200 || !is.Running || is.File != file || is.Begin == nil {
		t.Fatalf("a beginning: %d %+v %s", code, is, problem)
	}
	if code, _, problem := p.recording("start"); code != http.StatusConflict || !strings.Contains(problem, file) {
		t.Errorf("a second beginning: %d %s", code, problem)
	}
	ctl("start", 1, "stop that first")
	eventually(t, "some files are full", func() bool {
		_, is, _ := p.recording("")
		return is.Filled >= 4
	})
	ctl("status", 0, "recording in "+file)
	p.nodes["c"].Kill()
	eventually(t, "one node is shown as down", func() bool {
		u, err := p.live.Snapshot(t.Context(), api.Latest)
		return err == nil && up(u) == 2
	})
	ctl("stop", 0, "the last recording, in "+file)
	if code, is, _ := p.recording(""); code != 200 || is.Running || is.Bytes == 0 || is.Error != "" || !is.Can {
		t.Errorf("after it: %d %+v", code, is)
	}
	old, err := filepath.Glob(filepath.Join(filepath.Dir(file), "watched-*.rec"))
	if err != nil || len(old) != 2 {
		t.Errorf("%d old files are kept, want 2: %v, %v", len(old), old, err)
	}
	for _, name := range append(old, file) {
		src, closing, err := openSource(name, "test")
		if err != nil {
			t.Fatal(err)
		}
		u, err := src.Snapshot(t.Context(), api.Latest)
		if err != nil || len(u.Nodes) != 3 {
			t.Errorf("%s ends with %+v, %v", name, u, err)
		}
		if name == file && up(u) != 2 {
			t.Errorf("it ends with %d nodes that are up, want 2", up(u))
		}
		if err := closing(); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{`"by":"api at 127.0.0.1","text":"record start in ` + file + `"`, `"by":"ctl at 127.0.0.1","text":"record stop, in ` + file + `"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not have %s:\n%s", want, log.String())
		}
	}
}

// Who may give no orders begins no recording, and an observer that cannot write says where.
func TestRecordingsThatAreRefused(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "no", "folder", "x.rec")
	for name, c := range map[string]struct {
		file string
		o    api.Options
		code int
		says string
		exit int
	}{
		"read-only":   {"x.rec", api.Options{ReadOnly: true}, 403, "--read-only", 3},
		"no file":     {"", api.Options{}, 403, "--record-later", 3},
		"no token":    {"x.rec", api.Options{Token: "0123456789abcdef"}, 401, "token", 3},
		"no such dir": {nowhere, api.Options{}, 500, "no such file", 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, live.Options{Record: live.RecordOptions{File: c.file}}, api.Listening{Options: c.o})
			for _, action := range []string{"start", "stop"} {
				code, _, problem := p.recording(action)
				if action == "stop" && code == http.StatusConflict { // none has begun
					continue
				}
				if code != c.code || !strings.Contains(problem, c.says) {
					t.Errorf("%s: %d %q, want %d and %q", action, code, problem, c.code, c.says)
				}
			}
			if r := inside("ctl", "record", "start", "--observer", p.svc.URL); r.Code != c.exit || !strings.Contains(r.Err, c.says) {
				t.Errorf("with ctl: %+v", r)
			}
			if p.live.Recording().Running {
				t.Error("it records")
			}
		})
	}
}
