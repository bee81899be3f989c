package causes_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/tcp"
)

// TestAll: each cause is whole, and no two have the same name or cure.
func TestAll(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	names, cures := map[string]bool{}, map[string]string{}
	for _, c := range causes.All() {
		if names[c.Name] || !name.MatchString(c.Name) {
			t.Errorf("%q is there twice, or is no name", c.Name)
		}
		names[c.Name] = true
		if other := cures[c.Cure]; other != "" {
			t.Errorf("%s and %s have the same cure", c.Name, other)
		}
		cures[c.Cure] = c.Name
		if c.Group == "" || c.What == "" || strings.HasSuffix(c.What, ".") {
			t.Errorf("%s: group %q, what %q: want words, a phrase without a full stop", c.Name, c.Group, c.What)
		}
		for what, text := range map[string]string{"why": c.Why, "cure": c.Cure} {
			if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") && !strings.HasSuffix(text, ").") ||
				strings.Contains(text, "  ") {
				t.Errorf("%s: %s is %q, want sentences", c.Name, what, text)
			}
		}
		if (c.Scenario == "") == (c.Unshown == "") {
			t.Errorf("%s: scenario %q, unshown %q: want one of them", c.Name, c.Scenario, c.Unshown)
		}
	}
}

// unprovoked are the kernel's reasons that no cause has: no program of today
// makes Linux 6.12 to 6.18 give them.
var unprovoked = []tcp.Reason{"NOT_SPECIFIED", "TCP_OLD_ACK", "MPTCP_RST_ERESOURCE", "MPTCP_RST_EWQ2BIG",
	"MPTCP_RST_EBADPERF", "ERROR", "MAX"}

// TestReasons: every reason that the kernel gives has a cause, and causes have
// no others.
func TestReasons(t *testing.T) {
	known := tcp.Reasons()
	for _, reason := range known {
		if found := causes.ByReason(reason); (len(found) == 0) != slices.Contains(unprovoked, reason) {
			t.Errorf("%s has %d causes", reason, len(found))
		}
	}
	for _, c := range causes.All() {
		for _, reason := range c.Reasons {
			if !slices.Contains(known, reason) {
				t.Errorf("%s: the kernel has no reason %s", c.Name, reason)
			}
		}
	}
}

func TestByReason(t *testing.T) {
	for reason, want := range map[tcp.Reason]string{
		"TCP_ABORT_ON_CLOSE": "unread", "TCP_STATE": "linger-zero", "NO_SOCKET": "refused",
		"TCP_TIMEWAIT_SOCKET": "wrote-after-close", "TCP_ABORT_ON_LINGER": "impatient-finish",
	} {
		if found := causes.ByReason(reason); len(found) == 0 || found[0].Name != want {
			t.Errorf("%s: got %v, want %s first", reason, found, want)
		}
	}
	if found := causes.ByReason("TCP_TOMORROW"); found != nil {
		t.Errorf("an unknown reason has %v", found)
	}
}

func TestFind(t *testing.T) {
	for _, c := range causes.All() {
		if found, ok := causes.Find(c.Name); !ok || found.What != c.What {
			t.Errorf("%s is not found by its name", c.Name)
		}
	}
	if c, ok := causes.Find("nonsense"); ok {
		t.Errorf("nonsense is %v", c)
	}
}
