package record_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/record"
)

// A forged RST is the kernel's silence away from being nobody's here. While the
// source of that silence was killed, full or not there yet, it is not.
func TestNothingFollowsFromASourceThatWasNotWhole(t *testing.T) {
	started := time.Date(2026, 11, 28, 22, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return started.Add(time.Duration(ms) * time.Millisecond) }
	gap := func(from, to int, lost uint64, why string) []capture.Gap {
		return []capture.Gap{{From: at(from), To: at(to), Lost: lost, Why: why}}
	}
	const rst = 5 // when it was sent, in milliseconds
	for _, test := range []struct {
		name   string
		status capture.Status
		want   []evidence.Gap
		words  string // of the verdict; empty: it is observed
	}{
		{"whole", capture.Status{Began: at(0)}, nil, ""},
		{"killed", capture.Status{Began: at(0), Gaps: gap(3, 9, 0, "the trace is gone")},
			[]evidence.Gap{{Lane: evidence.Kernel, From: 3e6, To: 9e6, Why: "the trace is gone"}}, "the trace is gone"},
		{"full", capture.Status{Began: at(0), Lost: 7, Gaps: gap(4, 6, 7, "the buffer was full")},
			[]evidence.Gap{{Lane: evidence.Kernel, From: 4e6, To: 6e6, Lost: 7, Why: "the buffer was full"}}, "full"},
		{"whole again by then", capture.Status{Began: at(0), Gaps: gap(1, 4, 0, "the trace is gone")},
			[]evidence.Gap{{Lane: evidence.Kernel, From: 1e6, To: 4e6, Why: "the trace is gone"}}, ""},
		{"late", capture.Status{Began: at(8)},
			[]evidence.Gap{{Lane: evidence.Kernel, To: 8e6, Why: "it began later"}}, "it began later"},
		{"late, and there by then", capture.Status{Began: at(4)},
			[]evidence.Gap{{Lane: evidence.Kernel, To: 4e6, Why: "it began later"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &evidence.Recording{
				Hosts: []evidence.Host{{Name: "client"}, {Name: "server"}},
				Flows: []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
				Events: []evidence.Event{
					{At: 2e6, Host: "client", Packet: &evidence.Packet{To: "server", Flags: "PSH ACK", Seq: 1, Ack: 1, Len: 2, TTL: 64}},
					{At: rst * 1e6, Host: "server", Packet: &evidence.Packet{To: "client", Flags: "RST", Seq: 1, TTL: 64}},
				},
				Counters: []evidence.CounterDelta{{Name: "OutRsts", By: 9, Noisy: true}},
			}
			r.Gaps = record.Gaps(evidence.Kernel, test.status, started, at(2))
			if !slices.Equal(r.Gaps, test.want) {
				t.Errorf("the gaps are %+v, want %+v", r.Gaps, test.want)
			}
			verdicts := diagnose.Recording(r)
			if len(verdicts) != 1 {
				t.Fatalf("%d verdicts, want 1", len(verdicts))
			}
			got := verdicts[0]
			if test.words == "" {
				if got.Sender != evidence.Between || got.Level != evidence.Observed {
					t.Errorf("got %v, want it observed that no kernel sent it", &got.Reset)
				}
				return
			}
			if got.Level != evidence.Inferred || got.Sender == evidence.Between || !strings.Contains(got.Clue, test.words) {
				t.Errorf("got %v, want nothing concluded, because of %q", &got.Reset, test.words)
			}
		})
	}
}
