package bench

import (
	"fmt"
	"runtime"
	"time"

	"github.com/klauspost/cpuid/v2"
	"golang.org/x/sys/unix"
)

// NewEnv describes this machine and this run. Version is that of the program, args its exact arguments.
func NewEnv(version string, args []string, now time.Time) (Env, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return Env{}, fmt.Errorf("read the kernel's version: %w", err)
	}
	return Env{
		Kind:      ObjectEnv,
		Time:      now.UTC(),
		IOverlay:  version,
		GoVersion: runtime.Version(),
		GOOS:      runtime.GOOS,
		GOARCH:    runtime.GOARCH,
		CPUModel:  cpuid.CPU.BrandName,
		Cores:     runtime.NumCPU(),
		Kernel:    unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:]),
		Args:      args,
	}, nil
}
