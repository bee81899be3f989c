package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTryAsAnOrdinaryUser: without root a script is run all the same, with what
// was on the wire, and it is said that the kernel's reasons need root.
func TestTryAsAnOrdinaryUser(t *testing.T) {
	process := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		process.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	said, err := startedBy(t, process, nil, "try",
		`client write "ab"; server read 1; server close; client write "c" → ECONNRESET`).CombinedOutput()
	if strings.Contains(string(said), "not available here") {
		t.Skipf("allow user namespaces: %s", said)
	}
	if err != nil {
		t.Fatalf("%v, said\n%s", err, said)
	}
	for _, want := range []string{"→ ECONNRESET", "RST from    server, close()", "evidence    inferred", "no kernel lane"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestTryWithoutUserNamespaces: where they are forbidden it is said what is
// missing, and the command that is offered instead answers as it is printed.
func TestTryWithoutUserNamespaces(t *testing.T) {
	const text = `client write "ab"; server read 1; server close; client write "c"`
	for _, test := range []struct {
		name, input string
		args        []string
		want        string // of what is offered
	}{
		{"a script", "", []string{"try", text}, `client write "c"  → ECONNRESET`},
		{"words", "", []string{"try", "server", "abort;", "client", "read", "1", "→", "ECONNRESET"}, "→ ECONNRESET"},
		{"a scenario", "", []string{"try", "closing-with-unread-data/nothing-unread"}, "→ EOF"},
		{"standard input", text, []string{"try", "-"}, `client write "c"  → ECONNRESET`},
		{"a session", "", []string{"play"}, `client read 1     → ECONNRESET`},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, errors, status := forbidden(t, test.input, test.args...)
			if status != 1 || output != "" {
				t.Errorf("exit status %d, want 1; standard output %q", status, output)
			}
			const missing = "network namespaces: not available here: run as root, or allow user namespaces (sysctl user.max_user_namespaces above 0"
			if !strings.Contains(errors, missing) {
				t.Errorf("no %q in\n%s", missing, errors)
			}
			_, offered, ok := strings.Cut(errors, "run it: ")
			if !ok {
				t.Fatalf("nothing is offered:\n%s", errors)
			}
			shell := startedBy(t, nil, nil)
			shell.Path, shell.Args = "/bin/sh", []string{"sh", "-c", offered}
			shell.Stdin = strings.NewReader(test.input)
			said, err := shell.CombinedOutput()
			if err != nil || !strings.Contains(string(said), test.want) {
				t.Errorf("%s: %v, no %q in\n%s", offered, err, test.want, said)
			}
		})
	}
}

// forbidden runs the command where user namespaces are forbidden.
func forbidden(t *testing.T, input string, args ...string) (output, errs string, status int) {
	t.Helper()
	process := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	command := startedBy(t, process, []string{forbidVariable + "=1"}, args...)
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &stdout, &stderr
	err := command.Run()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("allow user namespaces: the test makes one in which they are forbidden: %v", err)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// forbidVariable has a child process, which must be in a user namespace of its
// own, forbid itself further ones and give its capabilities up.
const forbidVariable = "RESETLAB_TEST_FORBID"

// forbid is such a child process. The sysctl is that of its user namespace
// (user_namespaces(7)).
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
