package disk

import (
	"os"
	"syscall"
)

// lock has an open file for this process alone, as long as it is open.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
