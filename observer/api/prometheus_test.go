package api_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
)

// Every name that the dashboard asks for is one that is served, by the API or by the live observer.
func TestTheDashboardAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../deploy/grafana/ioverlay.json")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Fatal("it is no JSON")
	}
	l, err := live.Start(live.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := serve(t, newFake(), api.Listening{Options: api.Options{Collect: l.Figures}})
	_, served := ask(t, "GET", s.URL+"/metrics", "")
	names := regexp.MustCompile(`(ioverlay|process)_[a-z_]+`).FindAllString(string(text), -1)
	if len(names) < 10 {
		t.Fatalf("it asks for %v", names)
	}
	for _, name := range names {
		if !strings.Contains(served, "\n"+name) {
			t.Errorf("it asks for %s, which is not served", name)
		}
	}
}
