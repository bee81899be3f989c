package record_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// levelVariable tells a re-executed test binary which level it is to find.
const levelVariable = "RESETLAB_TEST_LEVEL"

func TestALevelIsNamedRight(t *testing.T) {
	nobody := syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	namespaces := syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	for _, test := range []struct {
		name     string
		level    evidence.Level
		as       *syscall.SysProcAttr
		needRoot bool
	}{
		{"as root", evidence.Observed, &syscall.SysProcAttr{}, true},
		{"in a user and network namespace", evidence.Inferred, &namespaces, false},
		{"without privilege", evidence.AppOnly, &nobody, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.needRoot && os.Getuid() != 0 {
				t.Skip("only root can be root and become somebody else: run the tests with sudo")
			}
			child := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestTheLevelHere$", "-test.v")
			child.Env = append(os.Environ(), levelVariable+"="+string(test.level))
			child.Dir = "/"
			child.SysProcAttr = test.as
			text, err := child.CombinedOutput()
			switch {
			case os.IsPermission(err) && test.level == evidence.Inferred:
				t.Skipf("user namespaces are not allowed here (%v): see sysctl user.max_user_namespaces", err)
			case strings.Contains(string(text), "--- SKIP"):
				t.Skipf("%s", text)
			case err != nil || !strings.Contains(string(text), "--- PASS: TestTheLevelHere"):
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// TestTheLevelHere is the body of the re-executed binary.
func TestTheLevelHere(t *testing.T) {
	want := evidence.Level(os.Getenv(levelVariable))
	if want == "" {
		t.Skip("it is for TestALevelIsNamedRight")
	}
	if want == evidence.Inferred {
		raiseLoopback(t)
	}
	lanes := open(t)
	if want == evidence.Observed {
		needs(t, lanes, evidence.Kernel) // a kernel of before 6.12, or a container
	}
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			r := recordRun(t, lanes, lanes.Address(), s.run)
			if want == evidence.AppOnly {
				s.checkTold(t, r)
				return
			}
			s.check(t, r, want)
			if want == evidence.Inferred && noisy(r) {
				t.Errorf("the counters are called noisy in a namespace of our own:\n%v", r)
			}
		})
	}
	checkDoctor(t, want)
}

// checkDoctor compares the doctor's report with the level.
func checkDoctor(t *testing.T, level evidence.Level) {
	t.Helper()
	want := map[evidence.Level][]evidence.Lane{
		evidence.Observed: {evidence.Calls, evidence.Wire, evidence.Kernel, evidence.Counters},
		evidence.Inferred: {evidence.Calls, evidence.Wire, evidence.Counters},
		evidence.AppOnly:  {evidence.Calls, evidence.Counters},
	}
	var given []evidence.Lane
	for _, report := range capture.Doctor() {
		if report.Given {
			given = append(given, report.Lane)
		}
		if report.Given == (report.Why != "") || report.Gives == "" {
			t.Errorf("the report lacks words or has too many: %+v", report)
		}
	}
	if !slices.Equal(given, want[level]) {
		t.Errorf("the doctor found %v, want %v", given, want[level])
	}
}

func raiseLoopback(t *testing.T) {
	t.Helper()
	loopback, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(loopback)
	}
	if err != nil {
		t.Fatal(err)
	}
}
