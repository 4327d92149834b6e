package subprocess

import "syscall"

// attributes of a child. It dies when the thread that started it does, which is held for its life: see live.
func attributes(g Group) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: g == OwnGroup, Pdeathsig: syscall.SIGKILL}
}
