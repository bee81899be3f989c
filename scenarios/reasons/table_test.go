package reasons_test

import (
	"testing"

	"github.com/resetlab/resetlab/scenarios/reasons"

	"github.com/resetlab/resetlab/harness/tcp"
)

func TestTable(t *testing.T) {
	seen := func(reason, scenario string) reasons.Sighting {
		return reasons.Sighting{Reason: reason, Observed: true, Scenario: scenario}
	}
	for _, test := range []struct {
		name    string
		kernel  string
		seen    []reasons.Sighting
		missing string
		want    string
		owed    bool
	}{
		{"one scenario", "TCP_FLAGS", []reasons.Sighting{seen("TCP_FLAGS", "restart")}, "",
			"reason TCP_FLAGS · restart", false},
		{"the most frequent first", "NO_SOCKET",
			[]reasons.Sighting{seen("NO_SOCKET", "b"), seen("NO_SOCKET", "a"), seen("NO_SOCKET", "c"),
				seen("NO_SOCKET", "d"), seen("NO_SOCKET", "c")}, "",
			"reason NO_SOCKET · c, a, b and 1 more", false},
		{"of another reason", "NO_SOCKET", []reasons.Sighting{seen("TCP_FLAGS", "restart")}, "",
			"reason NO_SOCKET · not provoked", true},
		{"inferred alone does not do", "NO_SOCKET", []reasons.Sighting{{Reason: "NO_SOCKET", Scenario: "a"}}, "",
			"reason NO_SOCKET · inferred only, in a", true},
		{"a spec failed that may have", "NO_SOCKET", nil, "2 specs failed",
			"reason NO_SOCKET · not seen: 2 specs failed", false},
		{"a spec failed, another showed it", "NO_SOCKET", []reasons.Sighting{seen("NO_SOCKET", "a")}, "2 specs failed",
			"reason NO_SOCKET · a", false},
		{"left out, whatever failed", "ERROR", nil, "2 specs failed",
			"reason ERROR · out of reach: a default for a cause that Multipath TCP does not have", false},
		{"left out", "TCP_ABORT_ON_MEMORY", nil, "", "reason TCP_ABORT_ON_MEMORY · left out: tcp_max_orphans and " +
			"tcp_mem are of the whole machine, whose settings are not touched", false},
		{"provoked although excused", "ERROR", []reasons.Sighting{seen("ERROR", "a")}, "", "reason ERROR · a", false},
		{"a newer kernel's", "TCP_TOMORROW", nil, "", "reason TCP_TOMORROW · new in this kernel: no scenario knows it",
			false},
	} {
		line := reasons.Table([]string{test.kernel}, test.seen, test.missing)[0]
		if line.String() != test.want || line.Owed() != test.owed {
			t.Errorf("%s: got %q, owed %v, want %q, %v", test.name, line, line.Owed(), test.want, test.owed)
		}
	}
}

func TestTableHasWhatTheKernelDoesNotName(t *testing.T) {
	lines := reasons.Table([]string{"NO_SOCKET"}, []reasons.Sighting{{Reason: "TCP_FLAGS", Observed: true}}, "")
	if len(lines) != 2 || lines[0].Reason != "NO_SOCKET" || lines[1].Reason != "TCP_FLAGS" {
		t.Errorf("got %v, want the kernel's and then the other", lines)
	}
}

// 18 reasons can be provoked, all but one of those that were ever seen.
func TestHowManyAreOwed(t *testing.T) {
	owed := 0
	var all []string
	for _, reason := range tcp.Reasons() {
		all = append(all, string(reason))
	}
	for _, line := range reasons.Table(all, nil, "") {
		if line.Owed() && line.Reason != "MAX" {
			owed++
		}
	}
	if owed != 18 {
		t.Errorf("%d reasons are owed, want 18", owed)
	}
}
