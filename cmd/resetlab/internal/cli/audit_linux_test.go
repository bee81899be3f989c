package cli_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// audited is the command line of an audit of this test binary's client.
func audited(flags string, args ...string) []string {
	line := append([]string{"audit", "lines"}, strings.Fields(flags)...)
	line = append(line, "--", os.Args[0], asAudited, "{address}", "{operation}", "{id}")
	return append(line, args...)
}

func TestAuditOnATerminal(t *testing.T) {
	s := onTerminal(t, audited("--only P7/*/*/* --parallel 1", "careless")...)
	s.await("worst so far: DUPLICATED")
	s.await("7/8")
	s.await("\x1b[1;31m✗DUPLICATE")
	if status := s.status(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}

// TestCtrlCEndsAnAudit: what was measured is shown, and no client is left. All 12
// cells run at once, for 8 of them hang and would keep the others from a place.
func TestCtrlCEndsAnAudit(t *testing.T) {
	t.Setenv("RESETLAB_TEST_MARK", t.Name())
	s := onTerminal(t, audited("--only P[71]*/rst/once/* --parallel 12 --budget time=1h", "hang")...)
	s.await("4/12") // those at P11; the others hang
	s.press("\x03")
	s.await("INCOMPLETE: stopped after 4 of 12 cells")
	s.await("P11  the complete reply has arrived")
	s.await("resetlab: interrupted")
	if status := s.status(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if left := marked(t, "RESETLAB_TEST_MARK="+t.Name()); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}

// TestAStoppedAuditBlamesNobody: the time in which the machine did not run it is
// not the client's.
func TestAStoppedAuditBlamesNobody(t *testing.T) {
	s := onTerminal(t, audited("--only P[67]*/*/*/* --budget time=1s --parallel 4")...)
	s.await("1/16")
	for _, step := range []struct {
		signal syscall.Signal
		then   time.Duration
	}{{syscall.SIGSTOP, 2500 * time.Millisecond}, {syscall.SIGCONT, 0}} {
		if err := s.cmd.Process.Signal(step.signal); err != nil {
			t.Fatal(err)
		}
		<-time.After(step.then) // being stopped is what is tried, and not waited for
	}
	s.await("16 cells · 0 bad · 16 good")
	if status := s.status(); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}
