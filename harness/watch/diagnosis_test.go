package watch_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

// event is one that was sent by the process at hand, in ESTABLISHED.
func event(change func(e *watch.Event)) watch.Event {
	e := watch.Event{
		Time: time.Unix(1_800_000_000, 0), Kind: watch.Sent, Whole: true, Was: tcp.StateEstablished, Idle: -1, Age: -1,
		Local: netip.MustParseAddrPort("10.0.0.7:8080"), Remote: netip.MustParseAddrPort("10.0.0.9:51312"),
		AtHand: watch.Process{PID: 812, Name: "nginx"}, Owner: watch.Owner{Process: watch.Process{PID: 812, Name: "nginx"}, How: watch.AtHand},
	}
	change(&e)
	return e
}

func passive(flags string, length int, change func(e *watch.Event)) func(e *watch.Event) {
	return func(e *watch.Event) {
		e.Passive, e.Answered, e.Owner = true, &watch.Segment{Flags: flags, Len: length, TTL: 64}, watch.Owner{}
		change(e)
	}
}

// received is a RST that came to a client, in a state.
func received(was tcp.State, change func(e *watch.Event)) func(e *watch.Event) {
	return func(e *watch.Event) {
		e.Kind, e.Was, e.StillOpen, e.AtHand = watch.Received, was, true, watch.Process{}
		e.Owner.How = watch.Connected
		e.BytesSent, e.BytesReceived = 100, 100
		change(e)
	}
}

// The same figures always mean the same. What has one cause alone is certain;
// where others look the same, they are named.
func TestDiagnose(t *testing.T) {
	for _, test := range []struct {
		name  string
		event watch.Event
		cause string   // the first one
		or    []string // some of the others
		sure  bool
		harm  diagnose.HarmLevel
		level evidence.Level
	}{
		{"unread, closed", event(func(e *watch.Event) { e.Reason, e.Unread, e.Call = "TCP_ABORT_ON_CLOSE", 512, "close" }),
			"unread", []string{"refused-upload"}, false, diagnose.HarmCertain, evidence.Observed},
		{"unread, killed", event(func(e *watch.Event) {
			e.Reason, e.Unread, e.Dying, e.Signal = "TCP_ABORT_ON_CLOSE", 512, true, "SIGKILL"
		}), "killed", nil, true, diagnose.HarmCertain, evidence.Observed},
		{"linger 0 with data", event(func(e *watch.Event) {
			e.Reason, e.LingerZero, e.BytesSent, e.Call, e.Unsent = "TCP_STATE", true, 5, "close", 7
		}), "linger-zero", []string{"idle-timeout", "descriptor-limit"}, false, diagnose.HarmPossible, evidence.Observed},
		{"connect(AF_UNSPEC)", event(func(e *watch.Event) { e.Reason, e.Call = "TCP_STATE", "connect" }),
			"disconnected", nil, true, diagnose.Harmless, evidence.Observed},
		{"not accepted", event(func(e *watch.Event) { e.Reason, e.Call, e.Unaccepted = "TCP_STATE", "close", true }),
			"listener-closed", nil, true, diagnose.Harmless, evidence.Observed},
		{"ss -K of the listener", event(func(e *watch.Event) { e.Reason, e.Call, e.Unaccepted = "TCP_STATE", "sendmsg", true }),
			"destroyed", nil, true, diagnose.Harmless, evidence.Observed},
		{"ss -K", event(func(e *watch.Event) { e.Reason, e.Call, e.StillOpen = "TCP_STATE", "sendmsg", true }),
			"destroyed", nil, true, diagnose.Harmless, evidence.Observed},
		{"ss -K with linger 0", event(func(e *watch.Event) {
			e.Reason, e.Call, e.StillOpen, e.LingerZero = "TCP_STATE", "sendmsg", true, true
		}), "destroyed", nil, true, diagnose.Harmless, evidence.Observed},
		{"an orphan in FIN-WAIT-2", event(func(e *watch.Event) {
			e.Reason, e.StillOpen, e.Orphan, e.Was = "TCP_STATE", true, true, tcp.StateFinWait2
		}), "", nil, false, diagnose.Harmless, evidence.Observed},
		{"keepalive", event(func(e *watch.Event) { e.Reason, e.StillOpen = "TCP_KEEPALIVE_TIMEOUT", true }),
			"keepalive-gave-up", nil, true, diagnose.Harmless, evidence.Observed},
		{"refused", event(passive("SYN", 0, func(e *watch.Event) { e.Reason, e.Whole, e.Was = "NO_SOCKET", false, "" })),
			"refused", nil, true, diagnose.Harmless, evidence.Observed},
		{"forgotten", event(passive("PSH ACK", 9, func(e *watch.Event) { e.Reason, e.Whole, e.Was = "NO_SOCKET", false, "" })),
			"gave-up", []string{"nat-forgot", "restarted", "wrote-after-close"}, false, diagnose.HarmCertain, evidence.Observed},
		{"restarted", event(passive("PSH ACK", 9, func(e *watch.Event) { e.Reason, e.Was, e.QueueMost = "TCP_FLAGS", tcp.StateListen, 128 })),
			"restarted", []string{"stray-segment"}, false, diagnose.HarmCertain, evidence.Observed},
		{"queue full", event(passive("ACK", 0, func(e *watch.Event) {
			e.Reason, e.Was, e.Queue, e.QueueMost = "TCP_FLAGS", tcp.StateListen, 2, 1
		})), "accept-queue-full", nil, true, diagnose.Harmless, evidence.Observed},
		{"wrote after close", event(passive("PSH ACK", 9, func(e *watch.Event) { e.Reason, e.Was, e.Orphan = "TCP_ABORT_ON_DATA", tcp.StateFinWait2, true })),
			"wrote-after-close", nil, false, diagnose.HarmCertain, evidence.Observed},
		{"TCP_LINGER2", event(passive("ACK", 0, func(e *watch.Event) { e.Reason, e.Was, e.Orphan = "TCP_ABORT_ON_DATA", tcp.StateFinWait1, true })),
			"impatient-finish", nil, true, diagnose.Harmless, evidence.Observed},
		{"shut down", event(passive("PSH ACK", 9, func(e *watch.Event) { e.Reason, e.Was = "TCP_ABORT_ON_DATA", tcp.StateFinWait2 })),
			"shutdown-then-data", nil, true, diagnose.HarmCertain, evidence.Observed},
		{"no reason, unread", event(func(e *watch.Event) { e.Unread, e.Call = 512, "close" }),
			"unread", nil, false, diagnose.HarmCertain, evidence.Inferred},
		{"a refusal came", event(received(tcp.StateSynSent, func(e *watch.Event) { e.BytesSent, e.BytesReceived = 0, 0 })),
			"refused", []string{"firewall-rejects"}, false, diagnose.Harmless, evidence.Inferred},
		{"after 301 s", event(received(tcp.StateEstablished, func(e *watch.Event) { e.Idle = 301 * time.Second })),
			"idle-timeout", []string{"flow-expired"}, false, diagnose.Harmless, evidence.Inferred},
		{"data under way", event(received(tcp.StateEstablished, func(e *watch.Event) { e.Unacked = 40 })),
			"unread", []string{"restarted", "killed"}, false, diagnose.HarmPossible, evidence.Inferred},
		{"after its FIN", event(received(tcp.StateCloseWait, func(*watch.Event) {})),
			"wrote-after-close", nil, false, diagnose.Harmless, evidence.Inferred},
		{"a probe", event(received(tcp.StateEstablished, func(e *watch.Event) {
			e.Owner.How, e.BytesSent, e.BytesReceived = watch.Listened, 0, 0
		})), "health-check", []string{"left-before-accept"}, false, diagnose.Harmless, evidence.Inferred},
		{"no answer to SYN", event(received(tcp.StateSynSent, func(e *watch.Event) { e.Kind, e.Error = watch.Failed, "ETIMEDOUT" })),
			"firewall-drops", []string{"address-gone"}, false, diagnose.Harmless, evidence.Inferred},
		{"no way", event(received(tcp.StateEstablished, func(e *watch.Event) { e.Kind, e.Error = watch.Failed, "EHOSTUNREACH" })),
			"icmp-unreachable", nil, false, diagnose.Harmless, evidence.Inferred},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := test.event.Diagnose(0)
			if d.Cause != test.cause || d.Sure() != test.sure || d.Harm != test.harm || d.Level != test.level {
				t.Errorf("got %q or %q, certain %v, harm %s (%s), %s", d.Cause, d.Or, d.Sure(), d.Harm, d.Lost, d.Level)
			}
			for _, or := range test.or {
				if !slices.Contains(d.Or, or) {
					t.Errorf("got or %q, want %q among them", d.Or, or)
				}
			}
			if d.Why == "" || d.Clue == "" || !d.Sure() && d.Cause != "" && d.Settle == "" {
				t.Errorf("it does not say why, by what, or what would settle it: %+v", d)
			}
			for _, name := range append(d.Or, d.Cause) {
				cause, found := causes.Find(name)
				if name != "" && !found {
					t.Errorf("there is no cause %q", name)
				}
				if name == d.Cause && (d.Cure != cause.Cure || d.Shown != cause.Scenario) {
					t.Errorf("cure %q, scenario %q", d.Cure, d.Shown)
				}
			}
		})
	}
}

// A process chooses its name.
func TestHostileNames(t *testing.T) {
	for name, want := range map[string]string{
		"nginx":           "nginx-7",
		"\x1b[2J\nroot-1": "_[2J_root-1-7",
		"a b\xff":         "a_b_-7",
	} {
		if got := (watch.Process{PID: 7, Name: name}).String(); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestOwner(t *testing.T) {
	a, b := watch.Process{PID: 1, Name: "a"}, watch.Process{PID: 2, Name: "b"}
	for _, test := range []struct {
		owner watch.Owner
		want  string
	}{
		{watch.Owner{}, ""},
		{watch.Owner{Process: a, How: watch.AtHand}, "a-1"},
		{watch.Owner{Process: a, How: watch.Listened}, "a-1?"},
		{watch.Owner{Process: a, How: watch.Shares, Others: []watch.Process{b}}, "a-1 or b-2"},
		{watch.Owner{Process: a, How: watch.Shares}, "a-1?"},
	} {
		if got := test.owner.String(); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.owner, got, test.want)
		}
	}
}

// The OOM killer is named where the kernel tells of it.
func TestOutOfMemory(t *testing.T) {
	for oom, want := range map[bool]string{
		true:  "its process died of SIGKILL, by the OOM killer for want of memory, with 3 bytes unread",
		false: "its process died of SIGKILL with 3 bytes unread",
	} {
		d := event(func(e *watch.Event) {
			e.Reason, e.Dying, e.Signal, e.OOM, e.Unread = "TCP_ABORT_ON_CLOSE", true, "SIGKILL", oom, 3
		}).Diagnose(0)
		if d.Why != want || d.Cause != "killed" {
			t.Errorf("got %q, want %q", d.Why, want)
		}
	}
}

// Who destroys a socket is the process at hand, and no owner.
func TestWhoDestroyed(t *testing.T) {
	d := event(func(e *watch.Event) {
		e.Reason, e.Call, e.StillOpen, e.AtHand = "TCP_STATE", "sendmsg", true, watch.Process{PID: 6693, Name: "ss"}
	}).Diagnose(0)
	if !strings.Contains(d.Why, "ss-6693 did") || d.Owner.String() != "nginx-812" {
		t.Errorf("got %q, owner %v", d.Why, d.Owner)
	}
}
