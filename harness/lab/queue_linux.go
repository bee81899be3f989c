package lab

import (
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// acceptQueue takes the queue from TCP_INFO, which has it in two fields that
// mean something else for a connection (net/ipv4/tcp.c, tcp_get_info), and the
// drops from SO_MEMINFO.
func acceptQueue(listener *net.TCPListener) (Queue, error) {
	var q Queue
	err := control(listener, "getsockopt", func(fd int) error {
		told, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return err
		}
		q.Length, q.Backlog = int(told.Unacked), int(told.Sacked)
		q.Dropped, err = drops(fd)
		return err
	})
	if err != nil {
		return Queue{}, fmt.Errorf("ask for the accept queue: %w", err)
	}
	return q, nil
}

// drops asks for SO_MEMINFO, which x/sys cannot express, and picks
// SK_MEMINFO_DROPS out of it (include/uapi/linux/sock_diag.h).
func drops(fd int) (int, error) {
	var memory [9]uint32
	size := uint32(unsafe.Sizeof(memory))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&memory)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(memory[8]), nil
}

// listenAgain is listen(2) on a socket that listens already.
func listenAgain(listener *net.TCPListener, backlog int) error {
	return control(listener, "listen", func(fd int) error { return unix.Listen(fd, backlog) })
}
