//go:build unix && !linux

package agent

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// terminate asks the program's group to end.
func terminate(leader *os.Process) error {
	if err := syscall.Kill(-leader.Pid, syscall.SIGTERM); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return os.ErrProcessDone
}

// taken would say whether all that was written into a pipe has been read, which
// is not asked here.
func taken(*os.File) bool { return true }

// end awaits the program's end and kills what is left of its group; left is 1
// if something was.
func (p *process) end(cmd *exec.Cmd) (left int, err error) {
	err = cmd.Wait()
	if syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) == nil {
		left = 1
	}
	return left, err
}
