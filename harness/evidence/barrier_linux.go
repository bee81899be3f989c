package evidence

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// barrier returns when every packet that was sent over the loopback before has
// been captured. Each processor has a queue of the packets sent on it
// (net/core/dev.c, netif_rx), from which they go to captures first and to
// their sockets then. So a datagram sent on a processor and received says that
// all before it in that queue have been captured.
func barrier(ip netip.Addr) error {
	socket, err := sentinel(ip)
	if err != nil {
		return fmt.Errorf("await the capture: %w", err)
	}
	defer unix.Close(socket)
	passed := make(chan error)
	go func() { passed <- passEverywhere(socket) }()
	if err := <-passed; err != nil {
		return fmt.Errorf("await the capture: %w", err)
	}
	return nil
}

// passEverywhere goes from processor to processor. It needs a goroutine of its
// own: where the thread cannot go back, it ends with the goroutine.
func passEverywhere(socket int) error {
	runtime.LockOSThread()
	var home unix.CPUSet
	if err := unix.SchedGetaffinity(0, &home); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	for processor := range len(home) * int(unsafe.Sizeof(home[0])) * 8 {
		if home.IsSet(processor) {
			if err := passOn(socket, processor); err != nil {
				return err
			}
		}
	}
	if unix.SchedSetaffinity(0, &home) == nil {
		runtime.UnlockOSThread()
	}
	return nil
}

// sentinel opens a socket connected to itself.
func sentinel(ip netip.Addr) (int, error) {
	family, address := unix.AF_INET, unix.Sockaddr(nil)
	if ip.Is4() {
		address = &unix.SockaddrInet4{Addr: ip.As4()}
	} else {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Addr: ip.As16()}
	}
	socket, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	err = unix.Bind(socket, address)
	if err == nil {
		address, err = unix.Getsockname(socket)
	}
	if err == nil {
		err = unix.Connect(socket, address)
	}
	if err == nil { // nothing loses a datagram here but a firewall
		err = unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1})
	}
	if err != nil {
		unix.Close(socket)
		return -1, fmt.Errorf("connect a socket to itself: %w", err)
	}
	return socket, nil
}

// passOn sends a datagram through the queue of a processor and receives it.
func passOn(socket, processor int) error {
	var only unix.CPUSet
	only.Set(processor)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return os.NewSyscallError("sched_setaffinity", err)
	}
	byte1 := []byte{1}
	if _, err := unix.Write(socket, byte1); err != nil {
		return os.NewSyscallError("write", err)
	}
	for {
		_, err := unix.Read(socket, byte1)
		if err != unix.EINTR {
			return os.NewSyscallError("read", err)
		}
	}
}
