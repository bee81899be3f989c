package isolation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/scenarios"
)

// markVariable makes the test binary run the scenarios. All processes of a run
// inherit it; its value tells them from those of other runs.
const markVariable = "RESETLAB_TEST_SUITE"

func TestMain(m *testing.M) {
	forbid()
	lack()
	os.Exit(m.Run())
}

func TestTheScenarios(t *testing.T) {
	if os.Getenv(markVariable) == "" {
		t.Skip("it is for the other tests, which run it in a child process")
	}
	scenarios.Run(t)
}

// A suite is a child process that runs the scenarios.
type suite struct {
	*exec.Cmd
	mark   string
	report string // the path of Ginkgo's report
	said   bytes.Buffer
}

// newSuite prepares a run. Its home and its temporary files are in a directory
// that every user may write, its variables are those given and no others of
// this project's.
func newSuite(t *testing.T, as *syscall.SysProcAttr, variables ...string) *suite {
	t.Helper()
	directory, err := os.MkdirTemp("", "suite-") // others may not enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o777); err != nil {
		t.Fatal(err)
	}
	bound := 20 * time.Minute          // of one that hangs
	if os.Getenv(fullVariable) != "" { // delayed at every turn
		bound = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	t.Cleanup(cancel)
	s := &suite{mark: directory, report: filepath.Join(directory, "report.json")}
	s.Cmd = exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^TestTheScenarios$", "-test.timeout="+bound.String(), "-ginkgo.timeout="+bound.String(),
		"-ginkgo.no-color", "-ginkgo.randomize-all", "-ginkgo.json-report="+s.report)
	s.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + directory, "TMPDIR=" + directory, markVariable + "=" + s.mark,
	}, variables...)
	s.Dir = "/"
	s.SysProcAttr = as
	s.Stdout, s.Stderr = &s.said, &s.said
	return s
}

// result waits for the end of the run and returns its report. It must have
// passed.
func (s *suite) result(t *testing.T) types.Report {
	t.Helper()
	if err := s.Wait(); err != nil {
		t.Fatalf("the scenarios: %v\n%s", err, &s.said)
	}
	text, err := os.ReadFile(s.report)
	if err != nil {
		t.Fatal(err)
	}
	var reports []types.Report
	if err := json.Unmarshal(text, &reports); err != nil || len(reports) != 1 {
		t.Fatalf("%d reports, want 1: %v", len(reports), err)
	}
	return reports[0]
}

// within is the context of what must come to pass.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// processes lists the processes of a run by their directories in /proc, or all
// if mark is empty.
func processes(mark string) []string {
	var found []string
	directories, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range directories {
		environment, err := os.ReadFile(process + "/environ")
		if err == nil && (mark == "" || bytes.Contains(environment, []byte(markVariable+"="+mark+"\x00"))) {
			found = append(found, process)
		}
	}
	return found
}

// tally counts the specs of a run by what became of them.
func tally(report types.Report) string {
	counts := map[types.SpecState]int{}
	for _, spec := range report.SpecReports {
		if spec.LeafNodeType == types.NodeTypeIt {
			counts[spec.State]++
		}
	}
	return fmt.Sprintf("%d passed, %d skipped, in %.1f s", counts[types.SpecStatePassed],
		counts[types.SpecStateSkipped], report.RunTime.Seconds())
}
