package perf

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestServePprofRefusesOthers(t *testing.T) {
	for _, addr := range []string{
		":6060", "0.0.0.0:6060", "[::]:6060", "192.0.2.1:6060", "[2001:db8::1]:6060", "example.org:6060",
		"localhost.example.org:6060", "[::ffff:192.0.2.1]:6060", "127.0.0.1.example.org:80",
	} {
		stop, bound, err := ServePprof(addr)
		if !errors.Is(err, ErrNotLoopback) || stop != nil || bound != "" {
			t.Errorf("%q: bound %q, %v", addr, bound, err)
		}
		if err != nil && !strings.Contains(err.Error(), addr) {
			t.Errorf("the error does not name %q: %v", addr, err)
		}
	}
	for _, addr := range []string{"", "127.0.0.1", "localhost", "::1"} {
		if _, _, err := ServePprof(addr); err == nil {
			t.Errorf("%q has no port and was taken", addr)
		}
	}
}

func TestLoopbackAddresses(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "127.9.8.7:1", "[::1]:0", "localhost:0", "[::ffff:127.0.0.1]:0"} {
		if err := requireLoopback(addr); err != nil {
			t.Errorf("%q: %v", addr, err)
		}
	}
}

func TestServePprof(t *testing.T) {
	stop, bound, err := ServePprof("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, want := range map[string]string{
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "goroutine profile",
		"/debug/pprof/cmdline":           "perf",
		"/debug/pprof/symbol":            "num_symbols",
	} {
		status, body := get(t, client, "http://"+bound+path)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, no %q in %.200q", path, status, want, body)
		}
	}
	if status, _ := get(t, client, "http://"+bound+"/"); status != http.StatusNotFound {
		t.Errorf("/ has status %d: another mux is being served", status)
	}
	for range 2 {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
	if c, err := net.Dial("tcp", bound); err == nil {
		t.Error("still listening after stop", c.Close())
	}
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// A profile that somebody is taking must not keep stop waiting: the trace has
// begun when its first bytes arrive.
func TestStopEndsARequestInProgress(t *testing.T) {
	stop, bound, err := ServePprof("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+bound+"/debug/pprof/trace?seconds=600", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	failed := make(chan error, 1)
	go func() {
		resp, err := client.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			err = errors.Join(err, resp.Body.Close())
		}
		failed <- err
	}()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("a request of ten minutes ended well")
	}
}

func TestServePprofPortTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
	}()
	if stop, _, err := ServePprof(ln.Addr().String()); err == nil {
		t.Error("a port in use was taken", stop())
	}
}
