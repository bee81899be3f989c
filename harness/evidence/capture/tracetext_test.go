package capture_test

import (
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// Lines as Linux 6.18 writes them.
const (
	stateLine = "           <...>-24976   [001] ..s2. 1795219522.067745: inet_sock_set_state: family=AF_INET " +
		"protocol=IPPROTO_TCP sport=37605 dport=40296 saddr=127.3.4.5 daddr=127.0.0.1 saddrv6=::ffff:127.3.4.5 " +
		"daddrv6=::ffff:127.0.0.1 oldstate=TCP_LISTEN newstate=TCP_SYN_RECV"
	state6Line = " my-toy [1] x-99 [000] ..... 1.000001: inet_sock_set_state: family=AF_INET6 " +
		"protocol=IPPROTO_TCP sport=1 dport=2 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=::1 daddrv6=::1 " +
		"oldstate=TCP_ESTABLISHED newstate=TCP_CLOSE"
	multipathLine = "           <...>-24976   [001] ..... 1795219522.067291: inet_sock_set_state: family=AF_INET " +
		"protocol=IPPROTO_MPTCP sport=0 dport=0 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=::ffff:0.0.0.0 " +
		"daddrv6=::ffff:0.0.0.0 oldstate=TCP_CLOSE newstate=TCP_CLOSE"
	ownResetLine = "            toy-24976   [001] ..... 1795219522.067871: tcp_send_reset: skbaddr=0000000000000000 " +
		"skaddr=000000001dc9fe32 src=127.3.4.5:37605 dest=127.0.0.1:40296 state=TCP_CLOSE reason=TCP_ABORT_ON_CLOSE"
	answerLine = "           <idle>-0   [001] ..s1. 1795219522.067958: tcp_send_reset: skbaddr=000000001c2130d9 " +
		"skaddr=0000000000000000 src=[::1]:37605 dest=[::1]:40310 state=UNKNOWN reason=NO_SOCKET"
	oldLine = "           toy-1   [001] ..s1. 1.000000: tcp_send_reset: skbaddr=(nil) " +
		"skaddr=0000000000000000 src=1.2.3.4:5 dest=0.0.0.0:0 state=TCP_LISTEN"
	processLine = "     (a) ) toy-24978   (  24976) [001] ..... 1.000000: tcp_send_reset: skbaddr=(nil) " +
		"skaddr=000000001dc9fe32 src=1.2.3.4:5 dest=1.2.3.4:6 state=TCP_CLOSE reason=TCP_STATE"
	nobodyLine = "           toy-24978   (-------) [001] ..... 1.000000: tcp_send_reset: skbaddr=(nil) " +
		"skaddr=000000001dc9fe32 src=1.2.3.4:5 dest=1.2.3.4:6 state=TCP_CLOSE reason=TCP_STATE"
	markLine     = "           toy-1   (-------) [000] ...1. 1795904562.971856: tracing_mark_write: resetlab mark 7"
	receivedLine = "           <...>-24976   [001] ..s2. 1795219522.067844: tcp_receive_reset: family=AF_INET sport=40296 " +
		"dport=37605 saddr=127.0.0.1 daddr=127.3.4.5 saddrv6=::ffff:127.0.0.1 daddrv6=::ffff:127.3.4.5 sock_cookie=1"
)

func TestParseTrace(t *testing.T) {
	const ahead = 37 * time.Second
	when := func(seconds, micro int64) time.Time { return time.Unix(seconds-37, micro*1000) }
	for _, test := range []struct {
		line string
		want capture.Trace
	}{
		{stateLine, capture.Trace{
			At: when(1795219522, 67745), Task: "<...>-24976", Name: "inet_sock_set_state",
			Local: "127.3.4.5:37605", Remote: "127.0.0.1:40296", From: "LISTEN", To: "SYN_RECV"}},
		{state6Line, capture.Trace{
			At: when(1, 1), Task: "my-toy [1] x-99", Name: "inet_sock_set_state",
			Local: "[::1]:1", Remote: "[::1]:2", From: "ESTABLISHED", To: "CLOSE"}},
		{ownResetLine, capture.Trace{
			At: when(1795219522, 67871), Task: "toy-24976", Name: "tcp_send_reset",
			Local: "127.3.4.5:37605", Remote: "127.0.0.1:40296", Reason: "TCP_ABORT_ON_CLOSE"}},
		{answerLine, capture.Trace{
			At: when(1795219522, 67958), Task: "<idle>-0", Name: "tcp_send_reset",
			Local: "[::1]:37605", Remote: "[::1]:40310", Reason: "NO_SOCKET", Passive: true}},
		{oldLine, capture.Trace{
			At: when(1, 0), Task: "toy-1", Name: "tcp_send_reset", Local: "1.2.3.4:5", Remote: "0.0.0.0:0"}},
		{processLine, capture.Trace{
			At: when(1, 0), Task: "(a) ) toy-24978", Process: 24976, Name: "tcp_send_reset",
			Local: "1.2.3.4:5", Remote: "1.2.3.4:6", Reason: "TCP_STATE"}},
		{nobodyLine, capture.Trace{
			At: when(1, 0), Task: "toy-24978", Name: "tcp_send_reset",
			Local: "1.2.3.4:5", Remote: "1.2.3.4:6", Reason: "TCP_STATE"}},
		{receivedLine, capture.Trace{
			At: when(1795219522, 67844), Task: "<...>-24976", Name: "tcp_receive_reset",
			Local: "127.0.0.1:40296", Remote: "127.3.4.5:37605"}},
	} {
		got, err := capture.ParseTrace(test.line, ahead)
		if err != nil || got != test.want {
			t.Errorf("%s\n got %+v, %v\nwant %+v", test.line, got, err, test.want)
		}
	}
	for _, line := range []string{
		"", multipathLine, "CPU:1 [LOST 12 EVENTS]", ": tcp_send_reset: ", stateLine[:150], stateLine[30:],
		"0 0 0 0.000000: inet_sock_set_state: 0",
	} {
		if got, err := capture.ParseTrace(line, 0); err == nil {
			t.Errorf("%q gave %+v, want an error", line, got)
		}
	}
}

func TestParseMark(t *testing.T) {
	if id, at, ok := capture.ParseMark(markLine); id != 7 || !ok || at != time.Unix(1795904562, 971856000) {
		t.Errorf("%s: got %d at %v, %v", markLine, id, at, ok)
	}
	for _, line := range []string{
		"", ownResetLine, markLine + "x",
		"toy-1 [000] ..... 1.000000: tracing_mark_write: somebody's 7", ": tracing_mark_write: resetlab mark 7",
	} {
		if id, at, ok := capture.ParseMark(line); ok {
			t.Errorf("%q gave %d at %v, want none", line, id, at)
		}
	}
}

func TestLostTraces(t *testing.T) {
	for line, want := range map[string]uint64{
		"CPU:1 [LOST 12 EVENTS]": 12, "CPU:0 [LOST EVENTS]": 1, "CPU:0 [LOST 12": 0, stateLine: 0,
	} {
		if got := capture.LostTraces(line); got != want {
			t.Errorf("%s: got %d, want %d", line, got, want)
		}
	}
}

func TestNamedReasons(t *testing.T) {
	const head = `__print_symbolic(REC->state, { 1, "TCP_ESTABLISHED" }) : "UNKNOWN", `
	for format, want := range map[string][]string{
		head + `__print_symbolic(REC->reason, { 0, "NO_SOCKET" }, { 7, "TCP_ABORT_ON_CLOSE" }, { 8, "MAX" })`: {
			"NO_SOCKET", "TCP_ABORT_ON_CLOSE"},
		head + `__print_symbolic(REC->reason, { 0, "NO_SOCKET" }, { 1, "MAX" })`: nil,
		head: nil,
		`__print_symbolic(REC->reason, { 7, "TCP_ABORT_ON_CLOSE`: nil,
	} {
		if got := capture.NamedReasons(format); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

func FuzzParseTrace(f *testing.F) {
	for _, line := range []string{stateLine, state6Line, multipathLine, ownResetLine, answerLine, oldLine,
		receivedLine, processLine, nobodyLine, markLine} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		capture.ParseMark(line)
		got, err := capture.ParseTrace(line, time.Second)
		if err == nil && got.Name == "" {
			t.Errorf("%q was read as nothing: %+v", line, got)
		}
	})
}
