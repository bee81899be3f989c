package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// mostBytes and mostFiles bound a message: SCM_MAX_FD is 253.
const (
	mostBytes = 4 << 10
	mostFiles = 253
)

// A Channel carries messages with descriptors over a socket of type
// SOCK_SEQPACKET. One goroutine may send while another one receives.
type Channel struct {
	file *os.File
	raw  syscall.RawConn
}

// NewChannel takes a socket over.
func NewChannel(socket int) (*Channel, error) {
	if err := unix.SetNonblock(socket, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	unix.CloseOnExec(socket)
	file := os.NewFile(uintptr(socket), "control")
	raw, err := file.SyscallConn()
	return &Channel{file, raw}, err
}

// Send sends a message with descriptors, which stay the caller's.
func (c *Channel) Send(message any, files ...int) error {
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	if len(text) > mostBytes || len(files) > mostFiles {
		return fmt.Errorf("a message has %d bytes and %d descriptors: at most %d and %d fit",
			len(text), len(files), mostBytes, mostFiles)
	}
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(files...)
	}
	controlErr := c.raw.Write(func(fd uintptr) bool {
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Sendmsg(int(fd), text, rights, nil, unix.MSG_NOSIGNAL)
		}
		return err != unix.EAGAIN
	})
	return errors.Join(controlErr, os.NewSyscallError("sendmsg", err))
}

// Receive receives a message and its descriptors, which are the caller's. The
// other side's end is io.EOF.
func (c *Channel) Receive(message any) (files []int, err error) {
	buffer := make([]byte, mostBytes)
	rights := make([]byte, unix.CmsgSpace(4*mostFiles))
	var n, controlled, flags int
	controlErr := c.raw.Read(func(fd uintptr) bool {
		for err = unix.EINTR; err == unix.EINTR; {
			n, controlled, flags, _, err = unix.Recvmsg(int(fd), buffer, rights, unix.MSG_CMSG_CLOEXEC)
		}
		return err != unix.EAGAIN
	})
	switch {
	case controlErr != nil:
		return nil, controlErr
	case err == unix.ECONNRESET: // it ended and had not read everything
		return nil, io.EOF
	case err != nil:
		return nil, os.NewSyscallError("recvmsg", err)
	}
	if files, err = filesIn(rights[:controlled]); err != nil {
		return nil, err
	}
	switch {
	case n == 0:
		return nil, io.EOF
	case flags&unix.MSG_CTRUNC != 0:
		closeAll(files)
		return nil, fmt.Errorf("take over descriptors: %w", syscall.EMFILE)
	}
	if err := json.Unmarshal(buffer[:n], message); err != nil {
		closeAll(files)
		return nil, fmt.Errorf("decode a message: %w", err)
	}
	return files, nil
}

func filesIn(control []byte) (files []int, err error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, os.NewSyscallError("parse a control message", err)
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return nil, os.NewSyscallError("parse descriptors", err)
		}
		files = append(files, fds...)
	}
	return files, nil
}

func closeAll(files []int) {
	for _, fd := range files {
		unix.Close(fd)
	}
}

// End says that no more will be sent: the other side reads end of file.
func (c *Channel) End() error {
	var err error
	controlErr := c.raw.Control(func(fd uintptr) { err = unix.Shutdown(int(fd), unix.SHUT_WR) })
	return errors.Join(controlErr, os.NewSyscallError("shutdown", err))
}

// Close closes the socket.
func (c *Channel) Close() error { return c.file.Close() }
