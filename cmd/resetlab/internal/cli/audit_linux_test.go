package cli_test

import (
	"os"
	"strings"
	"testing"
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

// TestCtrlCEndsAnAudit: what was measured is shown, and no client is left.
func TestCtrlCEndsAnAudit(t *testing.T) {
	t.Setenv("RESETLAB_TEST_MARK", t.Name())
	s := onTerminal(t, audited("--only P[71]*/rst/once/* --parallel 8 --budget time=1h", "hang")...)
	s.await("2/8") // those at P11; the others hang
	s.press("\x03")
	s.await("INCOMPLETE: stopped after 2 of 8 cells")
	s.await("P11  the complete reply has arrived")
	s.await("resetlab: interrupted")
	if status := s.status(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if left := marked(t, "RESETLAB_TEST_MARK="+t.Name()); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}
