package diagnose_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/tcp"
)

// connection is one between "client" and "server" to which facts were added, a
// microsecond apart.
func connection(around *diagnose.Surroundings, events ...evidence.Event) *diagnose.Connection {
	c := diagnose.New(evidence.Flow{ClientHost: "client", ServerHost: "server"}, around)
	for i := range events {
		events[i].At = time.Duration(i) * time.Microsecond
		c.Add(i, &events[i])
	}
	return c
}

func only(t *testing.T, c *diagnose.Connection) diagnose.Verdict {
	t.Helper()
	verdicts := c.Verdicts()
	if len(verdicts) != 1 {
		t.Fatalf("%d verdicts, want 1: %+v", len(verdicts), verdicts)
	}
	return verdicts[0]
}

// A fact that comes later may change what was said before.
func TestVerdictsFollowTheFacts(t *testing.T) {
	c := connection(&diagnose.Surroundings{}, data, ownRST)
	if got := only(t, c); got.Sender != evidence.Between {
		t.Errorf("without a note: %+v, want nobody at either end", got.Reset)
	}
	noted := note("server", "TCP_ABORT_ON_CLOSE", false)
	noted.At = 1700 * time.Nanosecond // behind the RST, which left at a microsecond
	c.Add(2, &noted)
	got := only(t, c)
	if got.Sender != evidence.Application || got.Reason != "TCP_ABORT_ON_CLOSE" || got.Level != evidence.Observed {
		t.Errorf("with its note: %+v, want the application's", got.Reset)
	}
	if got.Event != 1 || got.At != 1 {
		t.Errorf("the RST is fact %d, want 1", got.Event)
	}
}

// TestNotesFindTheirRST: two RSTs of one end cross, and the kernel notes the
// socket's own behind the answer.
func TestNotesFindTheirRST(t *testing.T) {
	answer, own := note("server", "TCP_FLAGS", true), note("server", "TCP_ABORT_ON_CLOSE", false)
	events := []evidence.Event{data, ownRST, reply, answer, own}
	for i, at := range []time.Duration{0, 1000, 1500, 1900, 2400} {
		events[i].At = at
	}
	c := diagnose.New(evidence.Flow{ClientHost: "client", ServerHost: "server"}, &diagnose.Surroundings{})
	for i := range events {
		c.Add(i, &events[i])
	}
	var got []string
	for _, v := range c.Verdicts() {
		got = append(got, string(v.Sender)+" "+v.Reason)
	}
	if want := []string{"application TCP_ABORT_ON_CLOSE", "kernel TCP_FLAGS"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMemoryIsBounded: a long connection keeps what tells, and the sums of what
// it drops.
func TestMemoryIsBounded(t *testing.T) {
	around := &diagnose.Surroundings{Missing: []evidence.MissingLane{{Lane: evidence.Kernel, Why: "test"}},
		Counters: counted(map[string]int64{"OutRsts": 1, "TCPAbortOnClose": 1})}
	c := diagnose.New(evidence.Flow{ClientHost: "client", ServerHost: "server"}, around)
	number := 0
	add := func(e evidence.Event) {
		e.At = time.Duration(number) * time.Microsecond
		c.Add(number, &e)
		number++
	}
	add(accept)
	const segments = 10_000
	for i := range segments {
		add(packet("client", evidence.Packet{Flags: "PSH ACK", Seq: uint32(1 + 2*i), Ack: 1, Len: 2, Window: 512}))
		if i > 0 { // the first two bytes stay unread
			add(call("server", tcp.Read, 2, 2))
		}
	}
	add(call("server", tcp.Close, 2, 0))
	add(ownRST)

	got := only(t, c)

	if kept := diagnose.Kept(c); kept > diagnose.FactsKept {
		t.Errorf("%d facts are kept, want at most %d", kept, diagnose.FactsKept)
	}
	if got.Reason != "TCP_ABORT_ON_CLOSE" || !strings.Contains(got.Clue, "; 2 bytes had come and were not read") {
		t.Errorf("got %s [%s], want the two bytes that were not read", got.Reason, got.Clue)
	}
}

// TestNothingFollowsFromWhatWasDropped: a flood of RSTs pushes facts out that
// nothing stands for.
func TestNothingFollowsFromWhatWasDropped(t *testing.T) {
	c := diagnose.New(evidence.Flow{ClientHost: "client", ServerHost: "server"}, &diagnose.Surroundings{})
	for i := range 10 * diagnose.FactsKept {
		e := reply
		e.At = time.Duration(i) * time.Microsecond
		c.Add(i, &e)
	}
	verdicts := c.Verdicts()
	if len(verdicts) > diagnose.FactsKept {
		t.Errorf("%d verdicts, want at most %d", len(verdicts), diagnose.FactsKept)
	}
	for _, v := range verdicts {
		if v.Level == evidence.Observed {
			t.Fatalf("a RST without a note is called observed, although notes may have been dropped: %+v", v)
		}
	}
}

// TestWhatIsOpenIsSaid: a verdict names the causes that its facts leave, each of
// which there is, and what would decide.
func TestWhatIsOpenIsSaid(t *testing.T) {
	withoutKernel := []evidence.MissingLane{{Lane: evidence.Kernel, Why: "test"}}
	calls := []evidence.MissingLane{{Lane: evidence.Wire, Why: "test"}, {Lane: evidence.Kernel, Why: "test"}}
	lost := call("client", tcp.Read, 1, 0)
	lost.Call.Ending = tcp.Reset
	for _, test := range []struct {
		name   string
		around diagnose.Surroundings
		events []evidence.Event
		first  string // of the causes
		open   bool   // there are others
		settle string // in what would decide
	}{
		{"unread, by the kernel", diagnose.Surroundings{},
			[]evidence.Event{data, call("server", tcp.Close, 2, 0), ownRST, note("server", "TCP_ABORT_ON_CLOSE", false)},
			"unread", true, "its log"},
		{"an abort, by the kernel", diagnose.Surroundings{},
			[]evidence.Event{data, call("server", tcp.Abort, 2, 0), ownRST, note("server", "TCP_STATE", false)},
			"linger-zero", false, ""},
		{"a socket's own, by its shape", diagnose.Surroundings{Missing: withoutKernel,
			Counters: counted(map[string]int64{"OutRsts": 1})},
			[]evidence.Event{data, ownRST}, "linger-zero", true, "tcp_send_reset at server"},
		{"an answer, by its shape", diagnose.Surroundings{Missing: withoutKernel,
			Counters: counted(map[string]int64{"OutRsts": 1})},
			[]evidence.Event{accept, data, reply}, "gave-up", true, "tcp_send_reset at server"},
		{"somebody between", diagnose.Surroundings{}, []evidence.Event{data, reply}, "firewall-rejects", true, "both ends"},
		{"an error and nothing else", diagnose.Surroundings{Missing: calls}, []evidence.Event{lost}, "unread", true, "capture"},
	} {
		got := only(t, connection(&test.around, test.events...))
		if len(got.Causes) == 0 || got.Causes[0] != test.first || (len(got.Causes) > 1) != test.open {
			t.Errorf("%s: the causes are %q, want %s first, others %v", test.name, got.Causes, test.first, test.open)
		}
		for _, name := range got.Causes {
			if _, known := causes.Find(name); !known {
				t.Errorf("%s: there is no cause %q", test.name, name)
			}
		}
		if (got.Settle == "") != (test.settle == "") || !strings.Contains(got.Settle, test.settle) {
			t.Errorf("%s: %q would decide, want %q in it", test.name, got.Settle, test.settle)
		}
	}
}
