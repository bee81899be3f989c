package kernel_test

import (
	"errors"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// The kernel gives the memory of a socket that is gone to the next one. That has
// nothing of the former one: neither its owner and role nor that it was told of.

func TestOwnersOfMemoryThatIsUsedAgain(t *testing.T) {
	tracer := open(t, kernel.Options{})
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range 200 {
		client, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		// What was freed last is used first: so clients and servers change places.
		client.(*net.TCPConn).SetLinger(0)
		if err := errors.Join(client.Close(), accepted.Close()); err != nil {
			t.Fatal(err)
		}
		got := records(t, tracer, uint16(l.Addr().(*net.TCPAddr).Port))
		if len(got) != 2 {
			t.Fatalf("connection %d: got %+v, want two", i, got)
		}
		for _, r := range got {
			how, role := uint8(kernel.OwnerConnected), uint8(1)
			if r.Kind == kernel.Received {
				how, role = kernel.OwnerListened, 2
			}
			if r.Was != 1 || r.Since == 0 || int(r.Owner) != os.Getpid() || r.How != how || r.Role != role {
				t.Errorf("connection %d: got %+v, want ESTABLISHED, owner %d known by %d, role %d", i, r, os.Getpid(), how, role)
			}
		}
	}
}

func TestToldOfMemoryThatIsUsedAgain(t *testing.T) {
	for name, without := range map[string]bool{"owners": false, "without owners": true} {
		t.Run(name, func(t *testing.T) {
			tracer := open(t, kernel.Options{WithoutOwners: without})
			if !tracer.TellsErrors() {
				t.Skip("this kernel tells no errors")
			}
			const sockets = 100
			full := fullListener(t)
			nobody := refusing(t)
			for range 10 {
				connect(t, sockets, nobody)
			}
			timedOut := 0
			for _, err := range connect(t, sockets, full) {
				if err == unix.ETIMEDOUT {
					timedOut++
				}
			}
			told := 0
			for _, r := range records(t, tracer, uint16(full.Port)) {
				if r.Kind == kernel.Failed && r.Error == int16(unix.ETIMEDOUT) && r.Was == 2 {
					told++
				}
			}
			if told != timedOut || told == 0 {
				t.Errorf("%d connections timed out in SYN-SENT, and %d were told of", timedOut, told)
			}
		})
	}
}

// fullListener listens with room for one connection, so that it drops the SYNs of
// the others.
func fullListener(t *testing.T) *unix.SockaddrInet4 {
	t.Helper()
	fd, address := bound(t)
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	return address
}

// refusing is an address where nobody listens, and nobody else can.
func refusing(t *testing.T) *unix.SockaddrInet4 {
	t.Helper()
	_, address := bound(t)
	return address
}

func bound(t *testing.T) (fd int, address *unix.SockaddrInet4) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, name.(*unix.SockaddrInet4)
}

// connect connects so many sockets at the same time, says how each of them fares,
// and closes them. They give up when they would send their second SYN.
func connect(t *testing.T, sockets int, to *unix.SockaddrInet4) (errs []error) {
	t.Helper()
	var fds []unix.PollFd
	for range sockets {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT})
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 50); err != nil {
			t.Fatal(err)
		}
		if err := unix.Connect(fd, to); err != unix.EINPROGRESS {
			t.Fatalf("connect without waiting: %v", err)
		}
	}
	for i := range fds {
		for n := 0; n <= 0; {
			var err error
			if n, err = unix.Poll(fds[i:i+1], 100); err != nil && err != unix.EINTR || t.Context().Err() != nil {
				t.Fatal(err, t.Context().Err())
			}
		}
		number, err := unix.GetsockoptInt(int(fds[i].Fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			t.Fatal(err)
		}
		errs = append(errs, unix.Errno(number))
	}
	return errs
}
