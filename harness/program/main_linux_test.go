package program_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program"
)

// The test binary is also what some tests start, by its first argument.
func TestMain(m *testing.M) {
	forbid()
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "listen":
			listen(os.Args[2])
		case "parent":
			parent()
		}
	}
	os.Exit(m.Run())
}

// listen binds a socket to a port of the address, says which, and listens when
// its standard input ends.
func listen(address string) {
	host := netip.MustParseAddr(address)
	var at unix.Sockaddr
	family := unix.AF_INET
	if host.Is4() {
		at = &unix.SockaddrInet4{Addr: host.As4()}
	} else {
		family, at = unix.AF_INET6, &unix.SockaddrInet6{Addr: host.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Bind(fd, at)
	}
	if err == nil {
		at, err = unix.Getsockname(fd)
	}
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		fmt.Println(at.Port)
	case *unix.SockaddrInet6:
		fmt.Println(at.Port)
	}
	io.Copy(io.Discard, os.Stdin)
	if err == nil {
		err = unix.Listen(fd, 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// parent starts programs, which it says with a line each, until it is killed. It
// passes descriptor 3 on to all that it starts.
func parent() {
	const far = 9 // from those that children get
	if err := unix.Dup3(3, far, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	unix.Close(3)
	out := bufio.NewWriterSize(os.Stdout, 0)
	for private := false; ; private = !private {
		var o program.Options
		if private && os.Geteuid() == 0 {
			o.Files = map[string]string{"/etc/hosts.deny": "ALL: ALL", "/run/own/": ""}
		}
		s, err := program.Supervise(context.Background(), o)
		if errors.Is(err, program.ErrUnavailable) { // root without the capabilities of root
			s, err = program.Supervise(context.Background(), program.Options{})
		}
		for range 3 {
			if err == nil {
				_, err = s.Start(context.Background(), shell(fleeing+`; exec sleep 1000`))
			}
			out.WriteString("started\n")
			out.Flush()
		}
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// forbidVariable has a child process forbid itself user namespaces, give up
// its capabilities, and run the tests that its arguments name.
const forbidVariable = "PROGRAM_TEST_FORBID"

// forbid is the child. It has all capabilities in its own user namespace.
func forbid() {
	if os.Getenv(forbidVariable) == "" {
		return
	}
	runtime.LockOSThread()
	os.Unsetenv(forbidVariable)
	err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	for capability := uintptr(0); err == nil && capability <= unix.CAP_LAST_CAP; capability++ {
		err = unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0) // those of the next program
	}
	if err == nil {
		err = unix.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "forbid user namespaces:", err)
	os.Exit(1)
}
