package run_test

import (
	"os"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
	"github.com/resetlab/resetlab/harness/tcp"
)

// TestRecording: the recording has the two ends by their names, their calls, the
// segments once each, and who reset and why.
func TestRecording(t *testing.T) {
	r := start(t, run.Options{Evidence: true})
	result, err := r.Run(t.Context(), parse(t, `client/a read 5; client/b write "ab"; server read 1; server close; client/a returns → ECONNRESET`))
	if err != nil || result.Answer.Verdict() != script.Held {
		t.Fatalf("%v\n%s", err, result.Answer.Text())
	}
	recording := result.Recording
	if recording.Saw("client") != tcp.Reset || recording.Saw("server") != tcp.Closed {
		t.Errorf("client saw %q, server %q", recording.Saw("client"), recording.Saw("server"))
	}
	segments := 0
	for _, event := range recording.Events {
		if event.Packet != nil {
			segments++
		}
	}
	if want := 3 + 2 + 1; len(recording.Flows) != 1 || segments != want { // the handshake, "ab", its ACK, RST
		t.Errorf("%d flows, %d segments, want 1 and %d", len(recording.Flows), segments, want)
	}
	if len(recording.Resets) != 1 || recording.Resets[0].Host != "server" || recording.Resets[0].Sender != evidence.Application {
		t.Errorf("resets: %+v", recording.Resets)
	}
	var card strings.Builder
	if err := report.Card(&card, recording, report.CardOptions{}); err != nil || !strings.Contains(card.String(), "RST from    server") {
		t.Errorf("%v\n%s", err, card.String())
	}
}

// TestErrnosThatEndNothing: the card has them by their names, and what ends the
// connection later counts as its end.
func TestErrnosThatEndNothing(t *testing.T) {
	r := start(t, run.Options{Evidence: true})
	result, err := r.Run(t.Context(), parse(t, `listener listen; client set nonblocking on; client connect → EINPROGRESS
		server accept; client read 1 → EAGAIN; client listen → EINVAL; server abort; client read 1 → ECONNRESET`))
	if err != nil || result.Answer.Verdict() != script.Held {
		t.Fatalf("%v\n%s", err, result.Answer.Text())
	}
	if saw := result.Recording.Saw("client"); saw != tcp.Reset {
		t.Errorf("client saw %q", saw)
	}
	var card strings.Builder
	if err := report.Card(&card, result.Recording, report.CardOptions{Width: 120}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"connect() EINPROGRESS", "read() EAGAIN", "client saw  read() ECONNRESET"} {
		if !strings.Contains(card.String(), want) {
			t.Errorf("no %q in\n%s", want, card.String())
		}
	}
	if strings.Contains(card.String(), "other") {
		t.Errorf("an error without its name:\n%s", card.String())
	}
}

// TestPendingCalls: a call that never returned is in the journal.
func TestPendingCalls(t *testing.T) {
	r := start(t, run.Options{Evidence: true})
	result, err := r.Run(t.Context(), parse(t, `client read 5`))
	if err != nil || len(result.Answer.Waiting) != 1 {
		t.Fatalf("%v, %v", err, result.Answer.Waiting)
	}
	for _, outcome := range result.Recording.Outcomes {
		if outcome.Host == "client" && outcome.Op == tcp.Read && outcome.Ending == tcp.GaveUp {
			return
		}
	}
	t.Errorf("no read of the client's that gave up: %v", result.Recording.Outcomes)
}

// TestOpenConnections: that the runner ends what the script has left open is not
// in the recording.
func TestOpenConnections(t *testing.T) {
	r := start(t, run.Options{Evidence: true})
	result, err := r.Run(t.Context(), parse(t, `client/a read 5; client/b write "ab"`))
	if err != nil || len(result.Recording.Resets) != 0 || len(result.Recording.Flows) != 1 {
		t.Errorf("%v, flows %v, resets %+v", err, result.Recording.Flows, result.Recording.Resets)
	}
}

// TestReasons: the kernel's reason is that of the RST, and none before.
func TestReasons(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the kernel's events need root")
	}
	lanes := capture.Open()
	defer lanes.Close()
	if reasons, err := lanes.Reasons(); len(reasons) == 0 {
		t.Skip(err)
	}
	r := start(t, run.Options{Lanes: lanes})
	for _, text := range []string{
		`client write "ab"; kernel reason of rst from server → none; server close; kernel reason of rst from server → TCP_ABORT_ON_CLOSE; kernel reason of rst from client → none`,
		`client abort; kernel reason of rst from client → TCP_STATE`,
		`server vanish; client write "x"; kernel reason of rst from server → NO_SOCKET or TCP_FLAGS; wire rst from client → 0`,
	} {
		result, err := r.Run(t.Context(), parse(t, text))
		if err != nil || result.Answer.Verdict() != script.Held {
			t.Errorf("%v\n%s", err, result.Answer.Text())
		}
	}
}

// TestUnknownReason: where nobody watched the kernel, its reason is unknown and
// not none; the wire is there all the same.
func TestUnknownReason(t *testing.T) {
	lanes := capture.Open(evidence.Wire)
	defer lanes.Close()
	r := start(t, run.Options{Lanes: lanes})
	result, err := r.Run(t.Context(), parse(t, `client abort; wire rst from client → 1; kernel reason of rst from client → none`))
	if err != nil || result.Answer.Verdict() != script.Unjudged ||
		!strings.Contains(result.Answer.Text(), "wire rst from client             → 1\n") {
		t.Errorf("%s, %v\n%s", result.Answer.Verdict(), err, result.Answer.Text())
	}
}
