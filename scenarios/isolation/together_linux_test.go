package isolation_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/scenarios"
)

// Two runs at the same time do not mind each other. In strict mode they may
// skip nothing. Both are watched, and what that says is held against what they
// know themselves; what it names without "or" and without a question mark must
// never be wrong.
func TestTwoSuitesAtOnce(t *testing.T) {
	leaveTheMachineAlone(t)
	w := watching(t)
	var suites []*suite
	var recordings []string
	for range 2 {
		recordings = append(recordings, t.TempDir())
		s := newSuite(t, &syscall.SysProcAttr{}, "RESETLAB_STRICT="+os.Getenv("RESETLAB_STRICT"),
			scenarios.RecordingsVariable+"="+recordings[len(recordings)-1])
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		suites = append(suites, s)
	}

	for _, s := range suites {
		t.Log(tally(s.result(t)))
		if left := processes(s.mark); len(left) > 0 {
			t.Errorf("%v outlive their run", left)
		}
		for _, instance := range traceInstances(t, s.Process.Pid) {
			t.Errorf("trace instance %s outlives its run", instance)
		}
	}
	t.Run("watched", func(t *testing.T) {
		if w == nil {
			t.Skip("the machine does not let resetlab watch look")
		}
		w.finish(t)
		c := watchTally{T: t, watched: w, wanted: expectations(t), table: signatures{}}
		for i, s := range suites {
			c.run(recordingsIn(t, recordings[i]), s.Process.Pid)
		}
		c.judge()
		c.table.check(t)
	})
}
