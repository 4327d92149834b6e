package web_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/observer/web"
)

// The built page must run under a content security policy of default-src 'self': nothing inline, nothing from elsewhere, and
// all that it names is there.
func TestPageIsWholeAndStrict(t *testing.T) {
	files := web.Files()
	b, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	named := regexp.MustCompile(`(?:src|href)="\./([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(named) < 3 {
		t.Errorf("index.html names %d files of its own: a script, a style sheet and an icon are wanted\n%s", len(named), page)
	}
	for _, m := range named {
		if _, err := fs.Stat(files, m[1]); err != nil {
			t.Errorf("index.html names %s: %v", m[1], err)
		}
	}
	for _, bad := range []string{"http:", "https:", "<style", " style=", "data:", "onclick", "onload"} {
		if strings.Contains(page, bad) {
			t.Errorf("index.html has %q, which the policy refuses", bad)
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<script[^>]*>(.*?)</script>`).FindAllStringSubmatch(page, -1) {
		if m[1] != "" {
			t.Errorf("an inline script: %.60s", m[1])
		}
	}
}

// A built style sheet asks for nothing from elsewhere.
func TestStyleSheetsStayHere(t *testing.T) {
	sheets, err := fs.Glob(web.Files(), "assets/*.css")
	if err != nil || len(sheets) == 0 {
		t.Fatalf("style sheets %v, %v", sheets, err)
	}
	for _, name := range sheets {
		b, err := fs.ReadFile(web.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range regexp.MustCompile(`url\(([^)]*)\)|@import`).FindAllString(string(b), -1) {
			if strings.Contains(u, "//") || strings.Contains(u, "data:") || strings.Contains(u, "@import") {
				t.Errorf("%s asks for %s", name, u)
			}
		}
	}
}
