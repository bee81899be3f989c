package matchers_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/tcp"
)

// closedUnread is the recording of a server that closes with unread data, of
// which these lanes are missing.
func closedUnread(missing ...evidence.Lane) *evidence.Recording {
	r := &evidence.Recording{
		Scenario: "a server closes with unread data", Flows: []evidence.Flow{{ClientHost: "client",
			ServerHost: "server"}},
		Events: []evidence.Event{
			state("server", "LISTEN", "SYN_RECV"), state("server", "SYN_RECV", "ESTABLISHED"), state("server",
				"ESTABLISHED", "CLOSE"),
			{Host: "server", Packet: &evidence.Packet{To: "client", Flags: "RST ACK", Seq: 1}},
		},
		Resets: []evidence.Reset{{
			Event: 3, Cause: -1, Sender: evidence.Application, Host: "server", Reason: "TCP_ABORT_ON_CLOSE",
			Why: "unread",
		}},
		Counters: []evidence.CounterDelta{{Name: "OutRsts", By: 3, Noisy: true}, {Name: "TCPAbortOnClose", By: 1}},
	}
	for _, lane := range missing {
		r.Missing = append(r.Missing, evidence.MissingLane{Lane: lane, Why: "a test"})
	}
	return r
}

func state(host, from, to string) evidence.Event {
	return evidence.Event{Host: host, State: &evidence.StateChange{From: tcp.State(from), To: tcp.State(to)}}
}

// unknown is what is left where the kernel was not asked and did not tell.
func unknown() *evidence.Recording {
	r := closedUnread(evidence.Kernel)
	r.Resets[0].Sender, r.Resets[0].Host, r.Resets[0].Reason = evidence.Unknown, "", ""
	r.Events = r.Events[3:]
	r.Resets[0].Event = 0
	return r
}

// overrun is unknown where the kernel told more than there was room for.
func overrun() *evidence.Recording {
	r := unknown()
	r.Missing, r.LostEvents = nil, 1
	return r
}

// unsent is closedUnread with a RST that the wire never saw.
func unsent() *evidence.Recording {
	r := closedUnread()
	r.Events, r.Resets[0].Event = r.Events[:3], -1
	return r
}

// partial is what is left where others have filled the kernel's buffer.
func partial() *evidence.Recording {
	r := closedUnread()
	r.Resets[0].Sender, r.Resets[0].Host, r.Resets[0].Reason = evidence.Unknown, "", ""
	r.Events, r.Resets[0].Event = r.Events[3:], 0
	r.LostEvents = 3
	return r
}

// quiet is a recording without a RST.
func quiet(missing ...evidence.Lane) *evidence.Recording {
	r := closedUnread(missing...)
	r.Resets, r.Events, r.Counters = nil, nil, nil
	return r
}

// over is the recording of a connection whose ends have both sent their FIN; of
// what they sent then; and of a RST with these flags.
func over(flags string, then ...evidence.Packet) *evidence.Recording {
	r := quiet()
	segments := append([]evidence.Packet{{Flags: "FIN ACK"}, {Flags: "FIN ACK"}}, then...)
	hosts := []string{"client", "server"}
	for i, p := range append(segments, evidence.Packet{Flags: flags}) {
		r.Events = append(r.Events, evidence.Event{Host: hosts[i%2], Packet: &p})
	}
	r.Resets = []evidence.Reset{{Event: len(r.Events) - 1, Cause: -1, Sender: evidence.KernelReply}}
	return r
}

// lossy is a recording with all lanes that lost so many segments and so many of
// the kernel's events.
func lossy(r *evidence.Recording, packets, events uint64) *evidence.Recording {
	r.Missing, r.LostPackets, r.LostEvents = nil, packets, events
	return r
}

func TestRecordingMatchers(t *testing.T) {
	server := matchers.SentBy(evidence.Application, "server")
	client := matchers.SentBy(evidence.Application, "client")
	unread, linger := matchers.Because("TCP_ABORT_ON_CLOSE"), matchers.Because("TCP_STATE")
	for _, test := range []struct {
		name      string
		recording *evidence.Recording
		matcher   matchers.RecordingMatcher
		want      bool
	}{
		{"a RST", closedUnread(), matchers.ShowReset(), true},
		{"the RST", closedUnread(), matchers.ShowReset(server, unread, matchers.WithFlags("RST ACK")), true},
		{"what may have been lost", overrun(), matchers.ShowReset(server, unread), true},
		{"states that may have been lost", overrun(), matchers.ShowStates("server", "ESTABLISHED", "CLOSE"), true},
		{"another sender", closedUnread(), matchers.ShowReset(client), false},
		{"another kind of sender", closedUnread(), matchers.ShowReset(matchers.SentBy(evidence.KernelReply,
			"server")), false},
		{"another reason", closedUnread(), matchers.ShowReset(linger), false},
		{"other flags", closedUnread(), matchers.ShowReset(matchers.WithFlags("RST")), false},
		{"no RST although one is wanted", quiet(), matchers.ShowReset(), false},
		{"no RST on the wire alone", quiet(evidence.Kernel), matchers.ShowReset(), false},
		{"no RST that calls tell of", quiet(evidence.Kernel, evidence.Wire), matchers.ShowReset(server), true},
		{"a RST that was not sent", unsent(), matchers.ShowUnsentReset(server, unread), true},
		{"another RST that was not sent", unsent(), matchers.ShowUnsentReset(client), false},
		{"a RST that was sent", closedUnread(), matchers.ShowUnsentReset(server), false},
		{"what only the kernel would tell", quiet(evidence.Kernel), matchers.ShowUnsentReset(server), true},
		{"no RST", quiet(), matchers.ShowNoReset(), true},
		{"a RST although none is wanted", closedUnread(), matchers.ShowNoReset(), false},
		{"a RST behind the end", over("RST", evidence.Packet{Flags: "ACK"}), matchers.ShowNoReset(), true},
		{"a socket's RST behind the FINs", over("RST ACK", evidence.Packet{Flags: "ACK"}), matchers.ShowNoReset(), false},
		{"a RST that answers the FIN", over("RST"), matchers.ShowNoReset(), false},
		{"a RST that answers data behind the FINs", over("RST", evidence.Packet{Flags: "PSH ACK", Len: 1}),
			matchers.ShowNoReset(), false},
		{"a reason that was inferred", closedUnread(evidence.Kernel), matchers.ShowReset(unread), true},
		{"a reason that was inferred and is another", closedUnread(evidence.Kernel),
			matchers.ShowReset(linger), false},
		{"a reason and a sender that are not known", unknown(), matchers.ShowReset(server, unread), true},
		{"a reason and a sender that were lost", partial(), matchers.ShowReset(server, unread), true},
		{"states that were lost", partial(), matchers.ShowStates("server", "ESTABLISHED", "CLOSE"), true},
		{"the flags are not lost with them", partial(), matchers.ShowReset(matchers.WithFlags("RST")), false},
		{"the flags are known even so", unknown(), matchers.ShowReset(matchers.WithFlags("RST")), false},
		{"a RST that may have been lost", lossy(closedUnread(), 1, 0), matchers.ShowReset(client), true},
		{"a RST that nothing lost", lossy(closedUnread(), 0, 1), matchers.ShowReset(client), false},
		{"a reason that was lost", lossy(unknown(), 0, 1), matchers.ShowReset(server, unread), true},
		{"a RST that was not sent, as far as is known", lossy(closedUnread(), 0, 1),
			matchers.ShowUnsentReset(server), true},
		{"a state that was lost", lossy(closedUnread(), 0, 1), matchers.ShowStates("client", "ESTABLISHED",
			"CLOSE"), true},
		{"a state although segments were lost", lossy(closedUnread(), 1, 0), matchers.ShowStates("client",
			"ESTABLISHED", "CLOSE"), false},
		{"states", closedUnread(), matchers.ShowStates("server", "ESTABLISHED", "CLOSE"), true},
		{"all states", closedUnread(), matchers.ShowStates("server", "LISTEN", "SYN_RECV", "ESTABLISHED",
			"CLOSE"), true},
		{"states of another order", closedUnread(), matchers.ShowStates("server", "CLOSE", "ESTABLISHED"), false},
		{"a state left out", closedUnread(), matchers.ShowStates("server", "SYN_RECV", "CLOSE"), false},
		{"another host", closedUnread(), matchers.ShowStates("client", "ESTABLISHED", "CLOSE"), false},
		{"states that were not recorded", closedUnread(evidence.Kernel), matchers.ShowStates("client",
			"ESTABLISHED", "CLOSE"), true},
		{"a counter", closedUnread(), matchers.MoveCounter("TCPAbortOnClose", 1), true},
		{"a counter that moved less", closedUnread(), matchers.MoveCounter("TCPAbortOnClose", 2), false},
		{"a counter that moved more", closedUnread(), matchers.MoveCounter("TCPAbortOnClose", 0), false},
		{"a counter that moved for others, too", closedUnread(), matchers.MoveCounter("OutRsts", 1), true},
		{"a noisy counter that moved less", closedUnread(), matchers.MoveCounter("OutRsts", 4), false},
		{"a counter that did not move", closedUnread(), matchers.MoveCounter("TCPAbortOnData", 0), true},
		{"a counter that should have moved", closedUnread(), matchers.MoveCounter("TCPAbortOnData", 1), false},
		{"counters that were not recorded", quiet(evidence.Counters), matchers.MoveCounter("OutRsts", 1), true},
	} {
		got, err := test.matcher.Match(test.recording)
		if err != nil || got != test.want {
			t.Errorf("%s: got %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}

func TestRecordingMatchersRefuse(t *testing.T) {
	var nothing *evidence.Recording
	for _, test := range []struct {
		matcher matchers.RecordingMatcher
		actual  any
		says    string
	}{
		{matchers.ShowReset(), "a text", "not string"},
		{matchers.ShowReset(), nothing, "a recording is wanted"},
		{matchers.ShowStates("server", "CLOSE"), closedUnread(), "two states"},
		{matchers.MoveCounter("OutRst", 1), closedUnread(), `no counter "OutRst" is watched: there are OutRsts,`},
	} {
		if _, err := test.matcher.Match(test.actual); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("got %v, want %q in it", err, test.says)
		}
	}
}

func TestAFailureTellsTheRecording(t *testing.T) {
	text := matchers.ShowReset(matchers.SentBy(evidence.KernelReply, "client"),
		matchers.Because("NO_SOCKET")).FailureMessage(closedUnread())
	for _, want := range []string{
		"does not show a RST sent by kernel at client because of NO_SOCKET", "server → client RST ACK seq 1",
		"TCP_ABORT_ON_CLOSE", "TCPAbortOnClose +1", "ESTABLISHED → CLOSE",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}
