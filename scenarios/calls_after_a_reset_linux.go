package scenarios

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// afterReset has every sequence of three calls on a connection that was reset:
// (r)ead, (w)rite and (s)o_error. Behind it stands what they give if the RST
// came in ESTABLISHED, and if it came in CLOSE_WAIT, after a FIN: (R) for
// ECONNRESET, (P) for EPIPE, (E) for end of stream, - for no error.
const afterReset = `
	rrr REE EEE   rrw REP EEP   rrs RE- EEP
	rwr RPE EPE   rww RPP EPP   rws RP- EP-
	rsr R-E EPE   rsw R-P EPP   rss R-- EP-
	wrr REE PEE   wrw REP PEP   wrs RE- PE-
	wwr RPE PPE   www RPP PPP   wws RP- PP-
	wsr R-E P-E   wsw R-P P-P   wss R-- P--
	srr REE PEE   srw REP PEP   srs RE- PE-
	swr RPE PPE   sww RPP PPP   sws RP- PP-
	ssr R-E P-E   ssw R-P P-P   sss R-- P--`

// The kernel sets the error of a RST by the state that it finds: ECONNRESET in
// ESTABLISHED, EPIPE in CLOSE_WAIT (net/ipv4/tcp_input.c, tcp_reset). A call
// that returns it clears it. A read takes it only where no FIN came before, a
// write and SO_ERROR always; what is left is end of stream and EPIPE.
var _ = Situation(catalogue.Situation{
	Name:  "calls-after-a-reset",
	Title: "The calls after a reset",
	Cause: "linger-zero",
	Drawing: `
client                 server
         ◀───────────  FIN          in half of the rows
  "a"    ───────────▶
         ◀═══════════  RST
  call, call, call
`,
	Client: "the first call that asks: ECONNRESET; then read: end of the stream, write: EPIPE",
	Server: "its abort succeeds",
	Twin:   "where a FIN came first the error is EPIPE, and a read never sees it",
	Script: `
--- share-out-its-error-rrr-after-a-rst-in-established-over-ipv4-ree
client write "a"; server read 1; server abort
client read 1 → ECONNRESET
client read 1 → EOF
client read 1 → EOF
--- share-out-its-error-wwr-after-a-rst-in-established-over-ipv4-rpe
client write "a"; server read 1; server abort
client write "x" → ECONNRESET
client write "x" → EPIPE
client read 1 → EOF
--- share-out-its-error-srw-after-a-rst-in-established-over-ipv4-rep
client write "a"; server read 1; server abort
client so_error → ECONNRESET
client read 1 → EOF
client write "x" → EPIPE
`,
}, func() {
	rows := strings.Fields(afterReset)
	var entries []TableEntry
	for i := 0; i < len(rows); i += 3 {
		var claimed []claims.ID
		if strings.ContainsAny(rows[i], "rw") {
			claimed = append(claimed, claims.GoDifference)
		}
		for _, ip := range []string{"IPv4", "IPv6"} {
			entries = append(entries,
				Entry(nil, rows[i], "ESTABLISHED", rows[i+1], ip, About(claimed...), Limit),
				Entry(nil, rows[i], "CLOSE_WAIT", rows[i+2], ip, About(claimed...), Limit))
		}
	}

	DescribeTable("share out its error",
		func(ctx SpecContext, calls, state, gives, ip string) {
			l := startLabOn(ip)
			handle, call := servers.ReadOneByteThenAbort, clients.CallAfterReset
			if state == "CLOSE_WAIT" {
				handle, call = servers.FinishThenAbort, clients.CallAfterFinishAndReset
			}
			server := Serve(l, handle)

			saw := call(ctx, l.Host("client"), server.Addr(), "a", spelt(calls)...)

			Expect(given(saw, len(calls))).To(Equal(gives), saw.String())
			measureDifference(calls, state, saw)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("client", state, "CLOSE"),
			))
		},
		func(calls, state, gives, ip string) string {
			return fmt.Sprintf("%s after a RST in %s over %s: %s", calls, state, ip, gives)
		},
		entries)
})

// spelt turns the letters of afterReset into calls.
func spelt(letters string) []func(*lab.Conn) {
	var calls []func(*lab.Conn)
	for _, letter := range letters {
		calls = append(calls, map[rune]func(*lab.Conn){
			'r': clients.ReadByte, 'w': clients.WriteByte, 's': clients.TakeError,
		}[letter])
	}
	return calls
}

// given tells in the letters of afterReset what the last n calls gave; what
// has no letter is told in full.
func given(saw lab.Outcome, n int) string {
	var letters strings.Builder
	for _, call := range saw.Calls[len(saw.Calls)-n:] {
		switch call.Ending {
		case harness.Reset:
			letters.WriteString("R")
		case harness.BrokenPipe:
			letters.WriteString("P")
		case harness.Finished:
			letters.WriteString("E")
		case harness.Open:
			letters.WriteString("-")
		default:
			letters.WriteString("(" + call.String() + ")")
		}
	}
	return letters.String()
}

// measureDifference takes the first read or write after the reset for an
// observation, under the circumstances in which it was made.
func measureDifference(calls, state string, saw lab.Outcome) {
	GinkgoHelper()
	Note(saw)
	first := strings.IndexAny(calls, "rw")
	if first < 0 {
		return
	}
	call := saw.Calls[len(saw.Calls)-len(calls)+first]
	circumstances := "the error is pending"
	switch {
	case state == "CLOSE_WAIT":
		circumstances = "a FIN came before the RST"
	case first > 0:
		circumstances = "the error was taken"
	}
	Measured(claims.GoDifference, call.String(),
		fmt.Sprintf("%s and the next call is a %s", circumstances, call.Op))
}
