//go:build unix && !linux

package program

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// terminate asks the program's group to end.
func terminate(leader *os.Process) { syscall.Kill(-leader.Pid, syscall.SIGTERM) }

// killGroup kills what is left of a program's group, and says whether something
// was.
func killGroup(leader int) bool { return syscall.Kill(-leader, syscall.SIGKILL) == nil }
