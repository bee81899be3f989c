package isolation_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// lackVariable has a child process take a feature from itself and then run the
// program anew.
const lackVariable = "RESETLAB_TEST_LACK"

// lacks are the features that can be taken from a process.
var lacks = map[string]func() error{
	"TUN":       hideTUN,
	"MPTCP":     func() error { return refuseSockets(unix.AF_INET, unix.IPPROTO_MPTCP) },
	"nf_tables": func() error { return refuseSockets(unix.AF_NETLINK, unix.NETLINK_NETFILTER) },
}

// goesWith are the features that another brings with it.
var goesWith = map[string][]string{"nf_tables": {"NAT: ", "connection tracking: "}}

// What a kernel lacks is found by trying it: the specs that need it say so, and
// the others pass.
func TestWithoutAFeature(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("run it as root: it hides a device and filters system calls")
	}
	leaveTheMachineAlone(t)
	for feature := range lacks {
		t.Run(feature, func(t *testing.T) {
			t.Parallel() // most of the time they wait
			s := newSuite(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}, lackVariable+"="+feature)
			s.Args = append(s.Args, "-ginkgo.label-filter=needs: containsAny {netns, root}")
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			report := s.result(t)

			t.Log(tally(report))
			without := 0
			for _, spec := range skipped(report) {
				switch message := spec.Failure.Message; {
				case begins(message, append(goesWith[feature], feature)):
					without++
				case message != "": // else the filter left it out
					t.Errorf("%s: without %s it was skipped: %s", spec.FullText(), feature, message)
				}
			}
			if without == 0 {
				t.Errorf("no spec lacked %s: it was not taken away, and this proves nothing", feature)
			}
		})
	}
}

// lack is such a child process.
func lack() {
	feature := os.Getenv(lackVariable)
	if feature == "" {
		return
	}
	runtime.LockOSThread()
	os.Unsetenv(lackVariable)
	err := lacks[feature]()
	if err == nil {
		err = unix.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	fmt.Fprintf(os.Stderr, "go without %s: %v\n", feature, err)
	os.Exit(1)
}

// hideTUN hides the device in a mount namespace of the process's own.
func hideTUN() error {
	return errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("none", "/dev/net", "tmpfs", 0, ""),
	)
}

// refuseSockets has socket(2) refuse a protocol, as a kernel does that was built
// without it (seccomp(2)).
func refuseSockets(domain, protocol uint32) error {
	const number, firstArgument, thirdArgument = 0, 16, 32 // offsets in struct seccomp_data
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: number, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_SOCKET, SkipTrue: 5},
		bpf.LoadAbsolute{Off: firstArgument, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: domain, SkipTrue: 3},
		bpf.LoadAbsolute{Off: thirdArgument, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocol, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPROTONOSUPPORT)},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
	})
	if err != nil {
		return err
	}
	var filter []unix.SockFilter
	for _, i := range program {
		filter = append(filter, unix.SockFilter{Code: i.Op, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	code := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&code)), 0, 0)
}
