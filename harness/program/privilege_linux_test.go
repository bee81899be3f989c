package program_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// core are the tests that are run with less privilege, too.
const core = "^Test(AProgramGets|OutputGoes|Stop$|Signals|ProcessIDs|AsAnotherUser|AsTheSameUser|Await|EndsBefore" +
	"|DaemonsThatFlee|AnUnwritable|SharedMemory|SupervisorsBelow|WithoutADir|ASupervisorThat|KilledParents)"

// rerun runs them in a child process.
func rerun(t *testing.T, attributes *syscall.SysProcAttr, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "/proc/self/exe", "-test.v", "-test.run="+core)
	command.Env = append(os.Environ(), env...)
	command.Dir = "/"
	command.SysProcAttr = attributes
	text, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, text)
	}
	if passed := strings.Count(string(text), "\n--- PASS"); passed < 13 {
		t.Errorf("%d tests passed, want 13: %s", passed, text)
	}
}

// An ordinary user has a user namespace.
func TestAnOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it takes root to become an ordinary user")
	}
	const nobody = 65534
	credential := &syscall.Credential{Uid: nobody, Gid: nobody}
	attempt := exec.Command("unshare", "--user", "--pid", "--mount", "true")
	attempt.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if err := attempt.Run(); err != nil {
		t.Skipf("allow user namespaces to ordinary users, and install unshare(1): %v", err)
	}
	rerun(t, &syscall.SysProcAttr{Credential: credential}, expectVariable+"=init")
}

// Where namespaces are forbidden a sub-reaper does.
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
	rerun(t, attributes, forbidVariable+"=1", expectVariable+"=reaper")
}
