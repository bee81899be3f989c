package lab

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// connectUnspec connects the socket fd to no address at all.
func connectUnspec(fd int) error {
	address := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&address)), unsafe.Sizeof(address))
	if errno != 0 {
		return errno
	}
	return nil
}
