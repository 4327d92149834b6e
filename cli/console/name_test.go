package console

import "testing"

func TestFromGoRun(t *testing.T) {
	for path, want := range map[string]bool{
		"/tmp/go-build3327748968/b001/exe/mine":                    true,
		"/home/a/.cache/go-build/7f/7fbeea3b718649b4f691f2-d/mine": true, // from the go command's cache
		"/home/a/go/bin/mine":                                      false,
		"./mine":                                                   false,
		"/home/a/exe/mine":                                         false,
		"/tmp/go-build123/b001/mine.test":                          false,
	} {
		if fromGoRun(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
