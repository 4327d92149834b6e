//go:build !linux

package subprocess

import "syscall"

// attributes of a child. Where the kernel cannot kill it with its parent, the end of its standard input tells it.
func attributes(g Group) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: g == OwnGroup}
}
