package result

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/klauspost/cpuid/v2"
)

// Origin is where figures come from, so that who finds them later can make them again.
type Origin struct {
	Version  string    `json:"version"`            // of the program, and its revision
	IOverlay string    `json:"ioverlay,omitempty"` // the version of iOverlay, if the program is another module
	Command  []string  `json:"command"`            // as given, the program's name first
	File     string    `json:"file,omitempty"`
	Started  time.Time `json:"started"`
	Host     Machine   `json:"host"`
}

// Machine is the computer of a run.
type Machine struct {
	Name  string `json:"name"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"` // that the program may use
	Go    string `json:"go"`
}

// Here is the origin of a run that begins now in this program.
func Here() Origin {
	o := Origin{Version: "unknown", Command: os.Args, Started: time.Now(), Host: Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuid.CPU.BrandName, Cores: runtime.GOMAXPROCS(0), Go: runtime.Version(),
	}}
	if name, err := os.Hostname(); err == nil { // else it has none, which is no reason not to run
		o.Host.Name = name
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		o.Version = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				o.Version += " " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				o.Version += " modified"
			}
		}
		for _, dep := range info.Deps {
			if dep.Path == "github.com/ioverlay/ioverlay" {
				o.IOverlay = dep.Version
			}
		}
	}
	return o
}
