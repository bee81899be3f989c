package scenarios

import (
	"errors"
	"fmt"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// The kernel gives an error as a number and the C library or Go puts words to
// it. Linux' numbers are those of include/uapi/asm-generic/errno.h, save on
// MIPS, Alpha, SPARC and PA-RISC; other systems have others (macOS: 54).
var _ = Situation(catalogue.Situation{
	Name:  "number-of-the-error",
	Title: "The error that a reset leaves",
	Cause: "unread",
	Drawing: `
client                 server
  "ab"   ───────────▶
                         read 1 byte, close
         ◀═══════════  RST
  read: 104            write: 104, then 32
`,
	Client: "read: 104, \"connection reset by peer\"",
	Server: "close: 0",
	Twin:   "the write behind it: 32, \"broken pipe\"",
	Script: `
--- has-the-number-104-and-the-words-connection-reset-by-peer
client write "ab"
server read 1 → "a"
server close
client read 1 → ECONNRESET
--- is-not-the-error-of-the-write-that-follows-it-32-broken-pipe
client write "ab"
server read 1 → "a"
server close
client await rst
client write "x" → ECONNRESET
client write "x" → EPIPE
`,
}, func() {
	It("has the number 104 and the words \"connection reset by peer\"", About(claims.Errno104), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), "ab")

		Expect(saw).To(EndIn("read", harness.Reset))
		Expect(numbered(saw.Err)).To(Equal("104: connection reset by peer"))
		Measured(claims.Errno104, numbered(saw.Err))
		Note(saw)
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("is not the error of the write that follows it: 32, \"broken pipe\"", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		saw := clients.CallAfterReset(ctx, l.Host("client"), server.Addr(), "ab",
			clients.WriteByte, clients.WriteByte)

		Expect(saw).To(EndIn("write", harness.Reset).Then("write", harness.BrokenPipe))
		last := saw.Calls[len(saw.Calls)-1]
		Expect([]string{numbered(saw.Err), numbered(last.Err)}).To(
			Equal([]string{"104: connection reset by peer", "32: broken pipe"}))
		Note(saw)
	}, Limit)
})

// numbered gives the errno in err and the system's words for it.
func numbered(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return fmt.Sprintf("no errno: %v", err)
	}
	return fmt.Sprintf("%d: %v", errno, errno)
}
