//go:build !linux && !darwin

package engine

import "github.com/ioverlay/ioverlay/core/qos"

// kernelOf: this system does not tell.
func kernelOf(int, uint64) (qos.Kernel, bool) { return qos.Kernel{}, false }
