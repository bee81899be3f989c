package isolation_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
	"golang.org/x/sys/unix"
)

// nobody is an ordinary user.
const nobody = 65534

// What a user namespace cannot give, each by how the skip's message begins.
var beyondAUserNamespace = []string{
	"this takes the right to become user ",                     // a process limit counts the processes of a user
	"TUN: /dev/net/tun: not available here: permission denied", // a file's mode
}

// noNetwork is how the message begins where no private network can be made.
const noNetwork = "network namespaces: not available here: "

// An ordinary user gets all that a user namespace has, and is told what it has
// not.
func TestAnOrdinaryUser(t *testing.T) {
	leaveTheMachineAlone(t)
	attributes := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	s := newSuite(t, attributes)

	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	report := s.result(t)

	t.Log(tally(report))
	for _, spec := range skipped(report) {
		if strings.HasPrefix(spec.Failure.Message, noNetwork) {
			t.Skipf("allow user namespaces: %s", spec.Failure.Message)
		}
		if !begins(spec.Failure.Message, beyondAUserNamespace) {
			t.Errorf("%s: skipped for a reason that a user namespace is none of: %s", spec.FullText(),
				spec.Failure.Message)
		}
	}
}

// Where user namespaces are forbidden the loopback is left: what needs a
// network of its own says so, and all the rest passes.
func TestWithoutUserNamespaces(t *testing.T) {
	leaveTheMachineAlone(t)
	s := newSuite(t, withoutNamespaces(), forbidVariable+"=1")

	if err := s.Start(); err != nil {
		t.Skipf("allow user namespaces: the test makes one in which they are forbidden: %v", err)
	}
	report := s.result(t)

	t.Log(tally(report))
	without := 0
	for _, spec := range skipped(report) {
		switch message := spec.Failure.Message; {
		case strings.HasPrefix(message, noNetwork) && needsSomething(spec):
			without++
		case !begins(message, beyondAUserNamespace):
			t.Errorf("%s: labelled %v and skipped: %s", spec.FullText(), spec.Labels(), message)
		}
	}
	for _, spec := range report.SpecReports {
		if slices.Contains(spec.Labels(), "needs:netns") && spec.State == types.SpecStatePassed {
			t.Errorf("%s: passed without what its label says that it needs", spec.FullText())
		}
	}
	if without == 0 {
		t.Error("no spec lacked a network namespace: they were not forbidden, and this proves nothing")
	}
}

func skipped(report types.Report) (specs types.SpecReports) {
	for _, spec := range report.SpecReports {
		if spec.LeafNodeType == types.NodeTypeIt && spec.State == types.SpecStateSkipped {
			specs = append(specs, spec)
		}
	}
	return specs
}

// needsSomething says whether a spec is labelled with a privilege that it needs.
func needsSomething(spec types.SpecReport) bool {
	return slices.ContainsFunc(spec.Labels(), func(label string) bool { return strings.HasPrefix(label, "needs:") })
}

func begins(message string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(message, b) })
}

// forbidVariable has a child process, which must be in a user namespace of its
// own, forbid itself further ones and give its capabilities up.
const forbidVariable = "RESETLAB_TEST_FORBID"

// withoutNamespaces makes a child an ordinary user in a user namespace, with
// the capabilities that it takes to forbid.
func withoutNamespaces() *syscall.SysProcAttr {
	uid, gid := os.Geteuid(), os.Getegid()
	attributes := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE, unix.CAP_SETPCAP},
	}
	if uid == 0 {
		uid, gid = nobody, nobody
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}
	}
	attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	return attributes
}

// forbid is such a child process. The sysctl is that of its user namespace
// (user_namespaces(7)).
func forbid() {
	if os.Getenv(forbidVariable) == "" {
		return
	}
	runtime.LockOSThread()
	os.Unsetenv(forbidVariable)
	err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	if err == nil {
		err = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	}
	if err == nil {
		err = unix.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "forbid user namespaces:", err)
	os.Exit(1)
}
