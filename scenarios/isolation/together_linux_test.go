package isolation_test

import (
	"os"
	"syscall"
	"testing"
)

// Two runs at the same time do not mind each other. In strict mode they may
// skip nothing.
func TestTwoSuitesAtOnce(t *testing.T) {
	leaveTheMachineAlone(t)
	var suites []*suite
	for range 2 {
		s := newSuite(t, &syscall.SysProcAttr{}, "RESETLAB_STRICT="+os.Getenv("RESETLAB_STRICT"))
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
}
