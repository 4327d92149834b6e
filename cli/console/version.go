package console

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// BuildVersion is what this binary was built from.
type BuildVersion struct {
	Version   string `json:"version"`            // of the module; "(devel)" when built from a working tree without a tag
	Revision  string `json:"revision"`           // of version control; empty if the build did not record it
	Modified  bool   `json:"modified"`           // the working tree had changes that were not committed
	Time      string `json:"time"`               // of the revision, RFC 3339; empty likewise
	IOverlay  string `json:"ioverlay,omitempty"` // the version of iOverlay, if that is not the module itself
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
	for _, dep := range info.Deps {
		if dep.Path == modulePath {
			v.IOverlay = dep.Version
			if dep.Replace != nil {
				v.IOverlay = strings.TrimSpace(dep.Replace.Path + " " + dep.Replace.Version)
			}
		}
	}
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

// modulePath is the module of iOverlay.
const modulePath = "github.com/ioverlay/ioverlay"

// String is the line of the program that comes with iOverlay.
func (v BuildVersion) String() string { return v.Line(shipped) }

// Line is one line about a program of that name: version, revision, and what it was built with.
func (v BuildVersion) Line(name string) string {
	revision := v.Revision
	switch {
	case revision == "":
		revision = "revision unknown"
	case v.Modified:
		revision += ", modified"
	}
	with := ""
	if v.IOverlay != "" {
		with = " with iOverlay " + v.IOverlay + ","
	}
	return fmt.Sprintf("%s %s (%s)%s %s %s/%s", name, v.Version, revision, with, v.GoVersion, v.GOOS, v.GOARCH)
}
