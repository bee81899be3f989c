package watch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/watch"
)

// Counters are told as what they are: so many, and none of them twice.
func TestCounts(t *testing.T) {
	for name, c := range map[string]struct{ before, after, want string }{
		"nothing":                   {"OutRsts 7", "OutRsts 7", ""},
		"three aborts":              {"OutRsts 1", "OutRsts 4, EstabResets 3, TCPAbortOnClose 3", "sent TCPAbortOnClose 3"},
		"refused here":              {"", "OutRsts 2", "sent OutRsts 2"},
		"refused here by itself":    {"", "OutRsts 2, AttemptFails 2", "failed AttemptFails 2; sent OutRsts 2"},
		"a RST came":                {"", "EstabResets 1", "received EstabResets 1"},
		"a RST could not be sent":   {"", "TCPAbortOnClose 2, OutRsts 1, EstabResets 2", "sent TCPAbortOnClose 2"},
		"it gave up":                {"", "EstabResets 1, TCPAbortOnTimeout 1", "failed TCPAbortOnTimeout 1"},
		"the machine begins at 0":   {"OutRsts 9", "OutRsts 1", ""},
		"abort and a RST that came": {"", "OutRsts 1, EstabResets 2, TCPAbortOnData 1", "received EstabResets 1; sent TCPAbortOnData 1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range watch.CountsOf(values(t, c.before), values(t, c.after)) {
				got = append(got, fmt.Sprint(e.Kind, " ", e.Counter, " ", e.Times))
				d := e.Diagnose(0)
				if d.Sure() || d.Level != evidence.AppOnly || !strings.Contains(d.Why, e.Counter) || d.Settle == "" {
					t.Errorf("diagnosed as %+v", d)
				}
				for _, cause := range append(d.Or, d.Cause) {
					if _, found := causes.Find(cause); !found && cause != "" {
						t.Errorf("there is no cause %q", cause)
					}
				}
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func values(t *testing.T, text string) map[string]int64 {
	t.Helper()
	values := map[string]int64{}
	for pair := range strings.SplitSeq(text, ", ") {
		var name string
		var value int64
		if n, err := fmt.Sscan(pair, &name, &value); n != 2 && pair != "" {
			t.Fatal(err)
		}
		values[name] = value
	}
	return values
}
