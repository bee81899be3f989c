package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// TestLevels runs a scenario with all privilege that is to be had, in a
// network of its own without any on the machine, and with none at all: it
// passes everywhere, and says what the evidence is worth.
func TestLevels(t *testing.T) {
	uid := os.Getuid()
	ownNetwork := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	asNobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	for _, with := range []struct {
		privilege string
		level     evidence.Level
		root      bool // whether it takes root to try it
		process   *syscall.SysProcAttr
	}{
		{"root", evidence.Observed, true, &syscall.SysProcAttr{}},
		{"a network of one's own", evidence.Inferred, false, ownNetwork},
		{"none", evidence.AppOnly, true, asNobody},
	} {
		t.Run(with.privilege, func(t *testing.T) {
			if with.root && uid != 0 {
				t.Skip("only root can become another user, or read the kernel's tracepoints")
			}
			said, err := runWith(t, with.process)
			if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
				t.Skipf("no user namespaces here: %v", err)
			}
			if err != nil || !strings.Contains(said, "1 passed") {
				t.Errorf("%v, said\n%s", err, said)
			}
			if with.level == evidence.Observed && !kernelGiven() {
				t.Skip("no tracepoints here, not even for root: resetlab doctor says why")
			}
			if !strings.Contains(said, " evidence    "+string(with.level)) {
				t.Errorf("the level is not %s:\n%s", with.level, said)
			}
		})
	}
}

// runWith runs a spec in a process with these attributes.
func runWith(t *testing.T, process *syscall.SysProcAttr) (string, error) {
	t.Helper()
	said, err := startedBy(t, process, nil, "run", "closing-with-unread-data/resets/direct").CombinedOutput()
	return string(said), err
}

// startedBy is the command in a process with these attributes: a copy of this
// binary, in a directory that every user may enter.
func startedBy(t *testing.T, process *syscall.SysProcAttr, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	directory, err := os.MkdirTemp("", "") // not t.TempDir, which others may not enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o777); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(directory, "resetlab")
	if err := os.WriteFile(binary, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = directory
	cmd.Env = append(append(os.Environ(), asCommand+"=1", "TMPDIR="+directory), environment...)
	cmd.SysProcAttr = process
	return cmd
}

// kernelGiven says whether this machine gives tracepoints.
func kernelGiven() bool {
	for _, lane := range capture.Doctor() {
		if lane.Lane == evidence.Kernel {
			return lane.Given
		}
	}
	return false
}
