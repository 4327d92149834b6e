//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// separate puts a command into a process group of its own, which ends with it: a test that hangs has children.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
