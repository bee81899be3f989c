package netlab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// maxPacket is what the longest IPv4 packet has (RFC 791, section 3.1).
const maxPacket = 1 << 16

// packets is a descriptor, in non-blocking mode, that gives packets.
type packets struct {
	file   *os.File
	buffer []byte
}

func newPackets(fd int, name string) packets {
	return packets{file: os.NewFile(uintptr(fd), name), buffer: make([]byte, maxPacket)}
}

// errNone says that no packet is there now.
var errNone = errors.New("no packet")

// next waits in the runtime's poller until read has read a packet into the
// buffer, which read says with its length, or ctx ends.
func (p packets) next(ctx context.Context, read func(fd int, buffer []byte) (int, error)) ([]byte, error) {
	socket, err := p.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	given := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		p.file.SetReadDeadline(time.Unix(1, 0)) // long gone by
		close(given)
	})
	var n int
	waitErr := socket.Read(func(fd uintptr) bool {
		n, err = read(int(fd), p.buffer)
		return err != unix.EAGAIN
	})
	if !stop() {
		<-given
		p.file.SetReadDeadline(time.Time{})
	}
	if errors.Is(waitErr, os.ErrDeadlineExceeded) {
		return nil, context.Cause(ctx)
	}
	if err := errors.Join(waitErr, err); err != nil {
		return nil, err
	}
	return p.buffer[:n], nil
}

// now is next without waiting: errNone if there is none.
func (p packets) now(read func(fd int, buffer []byte) (int, error)) ([]byte, error) {
	socket, err := p.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var n int
	err = control(socket, func(fd int) (err error) {
		n, err = read(fd, p.buffer)
		return err
	})
	if err == unix.EAGAIN {
		return nil, errNone
	}
	if err != nil {
		return nil, err
	}
	return p.buffer[:n], nil
}

// Close closes the descriptor.
func (p packets) Close() error {
	if err := p.file.Close(); err != nil {
		return fmt.Errorf("close %s: %w", p.file.Name(), err)
	}
	return nil
}
