//go:build unix

package agent_test

import (
	"os/exec"
	"syscall"
)

func detach(child *exec.Cmd, inOwnSession bool) {
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: inOwnSession}
}
