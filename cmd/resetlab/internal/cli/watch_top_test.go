package cli_test

import (
	"flag"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestWatchTopTable: what came most is first, what stands for many counts as many,
// an owner that is a guess has a "?", a name cannot write to the terminal, and what
// finds no room is counted.
func TestWatchTopTable(t *testing.T) {
	now := time.Date(2026, 3, 1, 14, 2, 11, 0, time.UTC)
	diagnose := func(kind watch.Kind, past time.Duration, what func(*watch.Event)) watch.Diagnosis {
		e := watch.Event{
			Time: now.Add(-past), Kind: kind, Whole: true, Idle: -1, Age: -1, Was: tcp.StateEstablished,
			Local: netip.MustParseAddrPort("10.0.0.7:8080"), Remote: netip.MustParseAddrPort("10.0.0.9:51312"),
			AtHand: watch.Process{PID: 812, Name: "nginx"},
			Owner:  watch.Owner{Process: watch.Process{PID: 812, Name: "nginx"}, How: watch.AtHand},
		}
		what(&e)
		return e.Diagnose(0)
	}
	some := []watch.Diagnosis{
		diagnose(watch.Sent, 90*time.Second, func(e *watch.Event) { e.Reason, e.Call, e.Unread = "TCP_ABORT_ON_CLOSE", "close", 512 }),
		diagnose(watch.Sent, 12*time.Second, func(e *watch.Event) {
			e.Reason, e.Dying, e.Signal, e.Unread = "TCP_ABORT_ON_CLOSE", true, "SIGKILL", 5
			e.AtHand.Name, e.Owner.Name = "wor\x1b[2Jker", "wor\x1b[2Jker"
		}),
		diagnose(watch.Sent, 0, func(e *watch.Event) {
			e.Reason, e.Passive, e.Whole, e.Was, e.Owner = "NO_SOCKET", true, false, "", watch.Owner{}
			e.Answered, e.Times = &watch.Segment{Flags: "SYN"}, 9000
		}),
		diagnose(watch.Received, 400*time.Millisecond, func(e *watch.Event) {
			e.Owner.How, e.BytesSent, e.BytesReceived = watch.Listened, 10, 10
		}),
		diagnose(watch.Failed, 3*time.Second, func(e *watch.Event) { e.Error, e.Unacked, e.BytesSent = "ETIMEDOUT", 5, 5 }),
	}
	got := cli.TopTable(some, now, 4)
	const golden = "testdata/top.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || got != string(want) {
		t.Errorf("%s differs (go test ./cmd/resetlab/internal/cli -run TopTable -update writes it): %v\n%s", golden, err, got)
	}
}
