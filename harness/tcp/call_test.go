package tcp_test

import (
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

func TestCallInAPhrase(t *testing.T) {
	for _, test := range []struct {
		call tcp.Call
		want string
	}{
		{tcp.Call{Op: tcp.Read, Ending: tcp.Reset}, "read: reset"},
		{tcp.Call{Op: tcp.Write, Bytes: 3, Ending: tcp.BrokenPipe}, "write: 3 bytes, broken-pipe"},
		{tcp.Call{Op: tcp.Read, Bytes: 2, Ending: tcp.Open}, "read: 2 bytes"},
		{tcp.Call{Op: tcp.Close, Ending: tcp.Open}, "close: ok"},
	} {
		if got := test.call.String(); got != test.want {
			t.Errorf("%+v is %q, want %q", test.call, got, test.want)
		}
	}
}

func TestOutcomeSaysTheFirstFailure(t *testing.T) {
	for _, test := range []struct {
		outcome tcp.Outcome
		want    string
	}{
		{tcp.Outcome{Ending: tcp.Open}, "open"},
		{tcp.Outcome{Op: tcp.Read, Ending: tcp.Reset}, "read: reset"},
	} {
		if got := test.outcome.First(); got != test.want {
			t.Errorf("%+v is %q, want %q", test.outcome, got, test.want)
		}
	}
}

// TestOutcomeInJSON holds the form in which recordings have been written since
// their first version.
func TestOutcomeInJSON(t *testing.T) {
	outcome := tcp.Outcome{
		Host: "client", Conn: 1, Remote: "127.0.0.1:80", Op: tcp.Read, Ending: tcp.Reset, Err: syscall.ECONNRESET,
		Calls: []tcp.Call{{Op: tcp.Read, Start: time.Unix(1, 0).UTC(), Duration: 5, Ending: tcp.Reset}},
	}
	const want = `{"host":"client","conn":1,"local":"","remote":"127.0.0.1:80",` +
		`"calls":[{"op":"read","start":"1970-01-01T00:00:01Z","duration":5,"ending":"reset"}],` +
		`"op":"read","ending":"reset","sent":0,"received":0,"at":"0001-01-01T00:00:00Z"}`
	got, err := json.Marshal(outcome)
	if err != nil || string(got) != want {
		t.Errorf("got  %s and %v\nwant %s", got, err, want)
	}
}

func TestCloses(t *testing.T) {
	for _, op := range []tcp.Op{tcp.Close, tcp.Abort} {
		if !op.Closes() {
			t.Errorf("%s gives the connection up, and Closes says that it does not", op)
		}
	}
	for _, op := range []tcp.Op{tcp.Shutdown, tcp.Disconnect, tcp.Read, ""} {
		if op.Closes() {
			t.Errorf("%q does not give the descriptor up, and Closes says that it does", op)
		}
	}
}
