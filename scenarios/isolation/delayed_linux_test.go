package isolation_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/scenarios"
)

// fullVariable has every scenario run where otherwise a few do.
const fullVariable = "RESETLAB_FULL"

// fewScenarios are one of each kind of sender: an application, a kernel that
// answers, a timer, a firewall, a forger, a proxy.
const fewScenarios = "Closing with unread data|Refusing a connection|Keepalive finds|firewall|forged|ends in between"

// A busy machine stops processes anywhere. strace stops the runs behind the
// system calls by which they read clocks, traces and packets. Then specs may
// last too long for their peers; what a card says must be true all the same.
func TestDelaysMakeNoCardWrong(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace, which delays system calls, is not there: apt-get install strace")
	}
	lanes := capture.Open()
	defer lanes.Close()
	if missing := lanes.Missing(); len(missing) > 0 {
		t.Skipf("only root sees what the kernel does, by which cards are judged here: %v", missing)
	}
	var right []map[verdict]bool
	for range 2 { // which of two ends is the first is open in some scenarios
		recordings, _ := verdictsOf(t, nil)
		right = append(right, byVerdict(recordings))
	}
	for _, delay := range []string{
		"%clock:delay_exit=700000:when=1+7", // more than half of the second that TAI is counted in
		"read:delay_exit=10000:when=1+5", "recvmsg:delay_exit=20000:when=1+3",
	} {
		t.Run(delay, func(t *testing.T) {
			calls, _, _ := strings.Cut(delay, ":")
			recordings, said := verdictsOf(t, []string{strace, "-f", "-qq", "-o", os.DevNull, "-e", "signal=none",
				"-e", "trace=" + calls, "-e", "inject=" + delay})
			resets := checkVerdicts(t, recordings, right)
			t.Logf("%d recordings with %d resets; %s", len(recordings), resets, said)
			if len(recordings) == 0 || resets == 0 {
				t.Error("nothing was recorded: this proves nothing")
			}
		})
	}
}

// A verdict is what a card says of a RST, as far as it is the same in each run.
type verdict struct {
	spec   string
	sender evidence.Sender
	host   string
	reason string
}

func verdictOf(r *evidence.Recording, reset *evidence.Reset) verdict {
	return verdict{r.Scenario, reset.Sender, reset.Host, reset.Reason}
}

func byVerdict(recordings []*evidence.Recording) map[verdict]bool {
	verdicts := map[verdict]bool{}
	for _, r := range recordings {
		for i := range r.Resets {
			verdicts[verdictOf(r, &r.Resets[i])] = true
		}
	}
	return verdicts
}

// checkVerdicts compares verdicts with those of undisturbed runs. What the kernel
// itself has noted is no conclusion: while ends are delayed it may do other
// things, which are told then. What rests on less may say less.
func checkVerdicts(t *testing.T, recordings []*evidence.Recording, right []map[verdict]bool) (resets int) {
	t.Helper()
	for _, r := range recordings {
		resets += len(r.Resets)
		for i := range r.Resets {
			reset := &r.Resets[i]
			if reset.Sender == evidence.Unknown || known(right, verdictOf(r, reset), reset.Level != evidence.Observed) {
				continue
			}
			if reset.Event >= 0 && noted(r, reset) {
				t.Logf("another RST while delayed: %s: %v", r.Scenario, reset)
				continue
			}
			t.Errorf("said while delayed, and not otherwise: %v\n%v", reset, r)
		}
	}
	return resets
}

// noted says whether the kernel has noted the RST of a verdict.
func noted(r *evidence.Recording, reset *evidence.Reset) bool {
	rst := &r.Events[reset.Event]
	return slices.ContainsFunc(r.Events, func(e evidence.Event) bool {
		return e.Trace != nil && e.Trace.Sent() && e.At == rst.At && e.Flow == rst.Flow && e.Host == rst.Host
	})
}

// known says whether undisturbed runs have a verdict, or one like it with a
// reason if it has none.
func known(right []map[verdict]bool, v verdict, less bool) bool {
	for _, verdicts := range right {
		if verdicts[v] {
			return true
		}
		for other := range verdicts {
			like := other
			like.reason = ""
			if less && like == v {
				return true
			}
		}
	}
	return false
}

// verdictsOf runs scenarios, below a command if there is one, and returns what
// they recorded. Specs may fail: it is told in words.
func verdictsOf(t *testing.T, below []string) (recordings []*evidence.Recording, said string) {
	t.Helper()
	directory := t.TempDir()
	s := newSuite(t, &syscall.SysProcAttr{}, scenarios.RecordingsVariable+"="+directory)
	if os.Getenv(fullVariable) == "" {
		s.Args = append(s.Args, "-ginkgo.focus="+fewScenarios)
	}
	if len(below) > 0 {
		s.Args = append(append(below, os.Args[0]), s.Args[1:]...)
		s.Path = below[0]
	}
	err := s.Run()
	if len(below) == 0 && err != nil {
		t.Fatalf("the scenarios: %v\n%s", err, &s.said)
	}
	for line := range strings.Lines(s.said.String()) {
		if strings.Contains(line, "[FAIL]") || strings.HasPrefix(line, "Ran ") {
			said += line
		}
	}
	paths, err := filepath.Glob(directory + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		recordings = append(recordings, readRecording(t, path))
	}
	return recordings, said
}

func readRecording(t *testing.T, path string) *evidence.Recording {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := evidence.Read(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}
