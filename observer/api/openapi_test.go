package api_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/ioverlay/ioverlay/observer/api"
)

// Every operation of the document is asked for, and what is asked and answered is held to it.
func TestAnswersAreThoseOfTheDocument(t *testing.T) {
	openapi3filter.RegisterBodyDecoder("text/vnd.graphviz", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	f := newFake()
	f.put(rate(2e9, 0, 50))
	s := serve(t, f, api.Listening{})
	_, text := ask(t, "GET", s.URL+"/api/v1/openapi.json", "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(map[string]bool)
	for _, c := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/api/v1/meta", "", 200},
		{"GET", "/api/v1/snapshot", "", 200}, {"GET", "/api/v1/snapshot?at=1.5", "", 200}, {"GET", "/api/v1/snapshot?at=x", "", 400}, {"GET", "/api/v1/snapshot?at=-1", "", 404},
		{"GET", "/api/v1/updates?from=0&to=9", "", 200}, {"GET", "/api/v1/updates?form=0", "", 400},
		{"GET", "/api/v1/events?kind=up,trace&node=1&limit=1", "", 200}, {"GET", "/api/v1/events?limit=0", "", 400},
		{"GET", "/api/v1/states?name=chunks", "", 200},
		{"GET", "/api/v1/series?kind=node&key=0&field=in", "", 200}, {"GET", "/api/v1/series?kind=link&key=0-1&field=apps.1.rate&points=10", "", 200},
		{"GET", "/api/v1/series?kind=node&key=zero&field=in", "", 400}, {"GET", "/api/v1/series?kind=tree&key=0&field=in", "", 400},
		{"GET", "/api/v1/transfers?from=0&to=9", "", 200},
		{"GET", "/api/v1/log?limit=1", "", 200},
		{"GET", "/api/v1/export?format=dot", "", 200}, {"GET", "/api/v1/export?format=csv", "", 200}, {"GET", "/api/v1/export?format=csv&of=links", "", 200},
		{"GET", "/api/v1/export?format=jsonl", "", 200}, {"GET", "/api/v1/export?format=pdf", "", 400},
		{"POST", "/api/v1/control", `{"targets":["n0",1],"action":"set-bandwidth","up":1000}`, 200},
		{"POST", "/api/v1/control", `{"targets":"all","action":"dance"}`, 400}, {"POST", "/api/v1/control", `{"tragets":"all","action":"request"}`, 400},
		{"POST", "/api/v1/control", `{"targets":"some","action":"request"}`, 400}, {"POST", "/api/v1/control", `no json`, 400},
		{"GET", "/api/v1/recording", "", 200}, {"POST", "/api/v1/recording", `{"action":"stop"}`, 409}, {"POST", "/api/v1/recording", `{"action":"start"}`, 200},
		{"GET", "/api/v1/recording", "", 200}, {"POST", "/api/v1/recording", `{"action":"start"}`, 409}, {"POST", "/api/v1/recording", `{"action":"stop"}`, 200},
		{"POST", "/api/v1/recording", `{"action":"pause"}`, 400}, {"POST", "/api/v1/recording", `{"action":"start","file":"/etc/passwd"}`, 400},
		{"POST", "/api/v1/login", `{"token":"x"}`, 200},
		{"GET", "/api/v1/openapi.json", "", 200}, {"GET", "/metrics", "", 200}, {"GET", "/healthz", "", 200},
	} {
		t.Run(c.method+" "+c.path+" "+c.body, func(t *testing.T) {
			resp, text := ask(t, c.method, s.URL+c.path, c.body, "Content-Type", "application/json")
			if resp.StatusCode != c.code {
				t.Fatalf("answered %d: %.300s", resp.StatusCode, text)
			}
			req, err := http.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			route, params, err := router.FindRoute(req)
			if err != nil {
				t.Fatalf("the document does not have it: %v", err)
			}
			asked[c.method+" "+route.Path] = true
			in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
				Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
			if c.code == 200 {
				if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
					t.Errorf("a request that is answered is none of the document's: %v", err)
				}
			}
			out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header}
			out.SetBodyBytes([]byte(text))
			if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
				t.Errorf("%v\n%.500s", err, text)
			}
			if c.code != 200 && problem(text) == "" {
				t.Errorf("an error without words: %s", text)
			}
		})
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if key := method + " " + path; !asked[key] && path != "/api/v1/stream" && path != "/api/v1/sse" { // those have tests of their own
				t.Errorf("%s is in the document and was not asked for", key)
			}
		}
	}
}

// The file in the folder is the one that is served, and well-formed to the byte, so that it can be diffed.
func TestTheDocumentIsTheFile(t *testing.T) {
	file, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, newFake(), api.Listening{})
	if _, text := ask(t, "GET", s.URL+"/api/v1/openapi.json", ""); !bytes.Equal(file, []byte(text)) {
		t.Error("another document is served")
	}
}

func TestExportsAreSafeToOpen(t *testing.T) {
	f := newFake()
	u := rate(2e9, 0, 1)
	u.Nodes[0].Name = recordText(`=HYPERLINK("http://x")`)
	f.put(u)
	u = rate(3e9, 1, 1)
	u.Nodes[0].Name = recordText("a\"]; evil [label=\\")
	f.put(u)
	s := serve(t, f, api.Listening{})
	if _, text := ask(t, "GET", s.URL+"/api/v1/export?format=csv", ""); !strings.Contains(text, `'=HYPERLINK`) {
		t.Errorf("a spreadsheet would run this:\n%s", text)
	}
	if _, text := ask(t, "GET", s.URL+"/api/v1/export?format=dot", ""); !strings.Contains(text, `label="a\"]; evil [label=\\"`) {
		t.Errorf("Graphviz would take this for an attribute:\n%s", text)
	}
	_, _ = ask(t, "GET", s.URL+"/", "")
	if _, text := ask(t, "GET", s.URL+"/api/v1/events", ""); strings.Contains(text, "<b>") {
		t.Error("markup left as markup in JSON")
	}
}
