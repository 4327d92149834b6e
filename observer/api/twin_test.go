package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/observer/api"
)

// The twin is behind the same guard, is only read, and has none of its own.
func TestTwin(t *testing.T) {
	t.Parallel()
	one, two := newFake(), newFake()
	two.put(rate(5e9, 1, 4321))
	s := serve(t, one, api.Listening{Options: api.Options{Twin: two, Token: "0123456789abcdef"}})
	const shown = "Bearer 0123456789abcdef"
	for _, c := range []struct {
		method, path, header, want string
		code                       int
	}{
		{"GET", "/api/v1/meta", shown, `"twin":true`, 200},
		{"GET", "/api/v1/snapshot", shown, `"t":1`, 200},
		{"GET", "/api/v1/twin/meta", shown, `"readOnly":true`, 200},
		{"GET", "/api/v1/twin/snapshot", shown, "4321", 200},
		{"GET", "/api/v1/twin/snapshot", "", "token", 401},
		{"POST", "/api/v1/twin/control", shown, "there is nothing", 404},
		{"GET", "/api/v1/twin/twin/meta", shown, "there is nothing", 404},
	} {
		if r, text := ask(t, c.method, s.URL+c.path, "", "Authorization", c.header); r.StatusCode != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%s %s with %q: %d %s, want %d with %q", c.method, c.path, c.header, r.StatusCode, text, c.code, c.want)
		}
	}
	s = serve(t, one, api.Listening{})
	if r, text := ask(t, "GET", s.URL+"/api/v1/twin/meta", ""); r.StatusCode != http.StatusNotFound {
		t.Errorf("without a twin: %d %s", r.StatusCode, text)
	}
}
