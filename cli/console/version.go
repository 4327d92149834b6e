package console

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// BuildVersion is what this binary was built from.
type BuildVersion struct {
	Version   string `json:"version"`  // of the module; "(devel)" when built from a working tree without a tag
	Revision  string `json:"revision"` // of version control; empty if the build did not record it
	Modified  bool   `json:"modified"` // the working tree had changes that were not committed
	Time      string `json:"time"`     // of the revision, RFC 3339; empty likewise
	GoVersion string `json:"go_version"`
	GOOS      string `json:"goos"`
	GOARCH    string `json:"goarch"`
}

// ReadVersion is what this binary was built from.
func ReadVersion() BuildVersion {
	v := BuildVersion{Version: "unknown", GoVersion: runtime.Version(), GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		case "vcs.time":
			v.Time = s.Value
		}
	}
	return v
}

// String is one line: version, revision, and what it was built with.
func (v BuildVersion) String() string {
	revision := v.Revision
	switch {
	case revision == "":
		revision = "revision unknown"
	case v.Modified:
		revision += ", modified"
	}
	return fmt.Sprintf("ioverlay %s (%s) %s %s/%s", v.Version, revision, v.GoVersion, v.GOOS, v.GOARCH)
}
