package capture

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Settle returns when every packet that was sent before on this machine, over
// the loopback or between its namespaces, has been captured. Each processor has
// a queue of the packets sent on it (net/core/dev.c, netif_rx), from which they
// go to captures first and to their sockets, or to the next queue, then. Mostly
// the sender has emptied it before its call returns. Where one is not empty, a
// datagram that is sent on the processor and received says that all before it
// in that queue have been captured.
func Settle() error {
	const mostHops = 4 // client, two routers, server
	for range mostHops {
		if queuesEmpty() {
			return nil
		}
		passed := make(chan error)
		go func() { passed <- passEverywhere() }()
		if err := <-passed; err != nil {
			return fmt.Errorf("await the capture: %w", err)
		}
	}
	return nil
}

// queuesEmpty says whether no packet waits on any processor. The twelfth
// number of each line is the length of a queue (net/core/net-procfs.c,
// softnet_seq_show; Linux 5.10).
func queuesEmpty() bool {
	text, err := os.ReadFile("/proc/net/softnet_stat")
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 13 || strings.Trim(fields[11], "0") != "" {
			return false
		}
	}
	return err == nil
}

// passEverywhere goes from processor to processor. It needs a goroutine of its
// own: where the thread cannot go back, it ends with the goroutine.
func passEverywhere() error {
	socket, err := sentinel()
	if err != nil {
		return err
	}
	defer unix.Close(socket)
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

// sentinel opens a socket of the loopback that is connected to itself.
func sentinel() (int, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	err = unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	var address unix.Sockaddr
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
