//go:build !unix

package agent

import (
	"os"
	"os/exec"
	"syscall"
)

func ownSession() *syscall.SysProcAttr { return nil }

func terminate(leader *os.Process) error { return leader.Kill() }

// end awaits the program's end. Its children are left alone: there is no group
// to find them by.
func (p *process) end(cmd *exec.Cmd) (left int, err error) { return 0, cmd.Wait() }
