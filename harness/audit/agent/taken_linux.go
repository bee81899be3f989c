package agent

import (
	"os"

	"golang.org/x/sys/unix"
)

// taken says whether all that was written into a pipe has been read.
func taken(pipe *os.File) bool {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return true // it is closed
	}
	unread := 0
	err = raw.Control(func(fd uintptr) { unread, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	return err != nil || unread == 0
}
