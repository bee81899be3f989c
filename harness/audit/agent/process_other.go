//go:build !unix

package agent

import (
	"os"
	"os/exec"
	"syscall"
)

func ownSession() *syscall.SysProcAttr { return nil }

func terminate(leader *os.Process) error { return leader.Kill() }

// taken would say whether all that was written into a pipe has been read, which
// is not asked here.
func taken(*os.File) bool { return true }

// end awaits the program's end. Its children are left alone: there is no group
// to find them by.
func (p *process) end(cmd *exec.Cmd) (left int, err error) { return 0, cmd.Wait() }
