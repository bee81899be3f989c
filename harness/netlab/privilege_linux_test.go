package netlab_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// rerun runs some of these tests in a child process and returns what they say.
func rerun(t *testing.T, tests string, attributes *syscall.SysProcAttr, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "/proc/self/exe", "-test.v", "-test.run="+tests)
	command.Env = append(os.Environ(), env...)
	command.Dir = "/"
	command.SysProcAttr = attributes
	text, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return string(text)
}

// An ordinary user gets all of it but TUN devices, which are a matter of a
// file's mode, where user namespaces are allowed.
func TestAnOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it takes root to become an ordinary user")
	}
	const nobody = 65534
	const tests = "^Test(TwoHosts|VerdictsAtConnect|RejectionTells|AForgottenConnection|ForgedResets$" +
		"|DestroyedSockets|ARemovedHost|Translation|WhatConnection|SettingsAre|AChildProcess|TheProxy|AProgram)"

	text := rerun(t, tests, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})

	if strings.Contains(text, "network namespaces: not available") {
		t.Skip(text)
	}
	if passed := strings.Count(text, "\n--- PASS"); passed != 15 {
		t.Errorf("%d tests passed, want 15: %s", passed, text)
	}
}

// forbidVariable has a child process forbid itself user namespaces, give up
// its capabilities, and run the tests that its arguments name.
const forbidVariable = "NETLAB_TEST_FORBID"

func TestWhereNamespacesAreForbidden(t *testing.T) {
	attributes := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	attempt := exec.Command("/proc/self/exe", "-test.run=^$")
	attempt.SysProcAttr = attributes
	if err := attempt.Run(); err != nil {
		t.Skipf("allow user namespaces: the test makes one in which they are forbidden: %v", err)
	}

	text := rerun(t, "^TestTwoHosts", attributes, forbidVariable+"=1")

	for _, want := range []string{"--- SKIP", "not available here: run as root, or allow user namespaces"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %s, want in it %q", text, want)
		}
	}
}

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

// A binary that is told to be a keeper in a namespace that is not its own
// touches nothing.
func TestAKeeperRefusesANamespaceOfOthers(t *testing.T) {
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{own, "", "net:[1]"} {
		command := exec.CommandContext(within(t), "/proc/self/exe")
		command.Env = append(os.Environ(), "RESETLAB_KEEPER="+parent)
		text, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(text), own+" is not a new one: refusing to touch it") {
			t.Errorf("told that its parent's is %q it said %v: %s", parent, err, text)
		}
	}
}
