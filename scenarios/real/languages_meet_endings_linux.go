package real

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// The kernel hands the error of a reset out once: the first call gets ECONNRESET,
// whichever it is, a read behind that the end of the stream, a write EPIPE. After
// a FIN a read gets the end of the stream; a first write succeeds and draws a RST,
// a second gets EPIPE. Languages pass that on in words of their own. Java remembers
// a reset that a read took, and throws it at each further read. PHP says nothing of
// a read that is reset: it is the end of the stream to it.
var _ = Situation(catalogue.Situation{
	Name:  "languages-meet-endings",
	Title: "The same ending in each language's words",
	Cause: "unread",
	Drawing: `
client                 server
  "ab"   ───────────▶
                         read 1 byte
                         close
         ◀═══════════  RST
  read: ECONNRESET, in its words
  write: EPIPE, in its words
`,
	Client: "the first call: ECONNRESET; then read: the end of the stream, write: EPIPE",
	Server: "close: 0",
	Twin:   "the server reads everything: read: the end of the stream, write: 0, then EPIPE",
}, func() {
	DescribeTable("is what the kernel gives to the calls", About(claims.GoRead, claims.GoWrite, claims.GoDifference),
		func(ctx SpecContext, recipe func(SpecContext) program.Recipe, w words) {
			l := StartLab()
			server := Serve(l, readOneByteOrAll)
			client, input := typing(ctx, l, to(server.Addr(), recipe(ctx)))
			p := &interpreter{client, input, 0}

			for _, order := range []string{"read read", "read write", "write read", "write write"} {
				first, second, _ := strings.Cut(order, " ")
				p.says(ctx, "connect "+unreadAtClose, "ready")
				awaitStates(ctx, server.Addr())
				p.says(ctx, first, w.first[first])
				p.says(ctx, second, cmp.Or(w.then[order], w.then[second]))
				p.says(ctx, "close", "closed")
				measurePair(first, w.first[first], second, cmp.Or(w.then[order], w.then[second]))
			}
			p.says(ctx, "connect "+allRead, "ready")
			awaitStates(ctx, server.Addr(), closeWait)
			p.says(ctx, "read", w.then["write read"])
			p.says(ctx, "write", "ok")
			awaitStates(ctx, server.Addr())
			p.says(ctx, "write", w.then["write"])
			p.says(ctx, "close", "closed")

			Expect(input.Close()).To(Succeed())
			status, err := client.Exit(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(status).To(BeZero(), client.Text())
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("of C", ofScript("gcc", "ending.c", cEnding), kernelWords("%s", "%s"), Label("real:gcc"), Limit),
		Entry("of Perl", ofScript("perl", "ending.pl", perlEnding), kernelWords("%s", "%s"), Label("real:perl"), Limit),
		Entry("of Python", ofScript("python3", "ending.py", pythonEnding),
			kernelWords("ConnectionResetError: [Errno 104] %s", "BrokenPipeError: [Errno 32] %s"), Label("real:python3"), Limit),
		Entry("of Ruby", ofScript("ruby", "ending.rb", rubyEnding), rubyWords(), Label("real:ruby"), Limit),
		Entry("of PHP", ofScript("php", "ending.php", phpEnding), phpWords(), Label("real:php"), Limit),
		Entry("of Go", ofScript("go", "ending.go", goEnding), goWords(), Label("real:go"), Limit),
		Entry("of Rust", ofScript("rustc", "ending.rs", rustEnding),
			kernelWords("%s (os error 104)", "%s (os error 32)"), Label("real:rustc"), Limit),
		Entry("of Mono", ofScript("mono", "Ending.cs", csharpEnding), monoWords(), Label("real:mono"), Limit),
		Entry("of Java", ofJava, javaWords(), Label("real:java"), Limit),
	)

	DescribeTable("is what Node.js says of a request", Label("real:node"),
		func(ctx SpecContext, end func(*lab.Conn) error, want string) {
			l := StartLab()
			server := Serve(l, func(_ context.Context, c *lab.Conn) {
				defer GinkgoRecover()
				readUntil(c, "\r\n\r\n")
				end(c)
			})
			script := "require('http').get('http://" + server.Addr() + "/').on('error', e => console.log(e.message + ', ' + e.code))"

			status, text := said(ctx, l.Host("client"), "node", "-e", script)

			Expect(status).To(BeZero(), text)
			Expect(text).To(Equal(want))
			Expect(causes.Search(text)).NotTo(BeEmpty())
			if want == hangUp {
				Expect(Recorded(l)).To(ShowNoReset())
				return
			}
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
		},
		Entry("that is reset", (*lab.Conn).Abort, "read ECONNRESET, ECONNRESET", Limit),
		Entry("that is finished, and calls that ECONNRESET, too", (*lab.Conn).Close, hangUp, Limit),
	)

	DescribeTable("is what curl says of a request", Label("real:curl"),
		func(ctx SpecContext, end func(*lab.Conn) error, status int, want string) {
			l := StartLab()
			server := Serve(l, func(_ context.Context, c *lab.Conn) {
				defer GinkgoRecover()
				readUntil(c, "\r\n\r\n")
				end(c)
			})

			got, text := said(ctx, l.Host("client"), "curl", "--silent", "--show-error", "--noproxy", "*", "http://"+server.Addr()+"/")

			Expect(got).To(Equal(status), text)
			Expect(text).To(Equal(want))
			Expect(causes.Search(text)).NotTo(BeEmpty())
		},
		Entry("that is reset", (*lab.Conn).Abort, 56, "curl: (56) Recv failure: Connection reset by peer", Limit),
		Entry("that is finished", (*lab.Conn).Close, 52, "curl: (52) Empty reply from server", Limit),
	)
})

// What Node.js says of a FIN in the place of a reply.
const hangUp = "socket hang up, ECONNRESET"

// The first byte that a client sends tells the server how to end.
const (
	unreadAtClose = "un" // it reads one byte of two, and closes: RST
	allRead       = "al" // it reads both, and closes: FIN
)

func readOneByteOrAll(ctx context.Context, c *lab.Conn) {
	first := make([]byte, 1)
	io.ReadFull(c, first)
	if first[0] == allRead[0] {
		io.ReadFull(c, first)
		c.Close()
		return
	}
	c.CloseUnread(ctx)
}

// words are what a language says of the calls at a connection that was reset: of
// the first, and of one that comes then, by that or by both.
type words struct{ first, then map[string]string }

// kernelWords are those of a language that passes the kernel's errors on.
func kernelWords(reset, brokenPipe string) words {
	r, b := fmt.Sprintf(reset, "Connection reset by peer"), fmt.Sprintf(brokenPipe, "Broken pipe")
	return words{
		first: map[string]string{"read": r, "write": r},
		then:  map[string]string{"read": "end", "write read": "end", "write": b},
	}
}

func rubyWords() words {
	w := kernelWords("Errno::ECONNRESET: %s", "Errno::EPIPE: %s")
	w.then["read"] = "end (EOFError: end of file reached)"
	w.then["write read"] = w.then["read"]
	return w
}

func goWords() words {
	const reset = ": connection reset by peer"
	w := kernelWords("", "")
	w.first = map[string]string{"read": "read" + reset, "write": "write" + reset}
	w.then["write"] = "write: broken pipe"
	return w
}

// monoWords has words of its own for EPIPE (mono/metadata/w32error.c, WSAESHUTDOWN).
func monoWords() words {
	const read, write = "System.IO.IOException: Unable to read data", "System.IO.IOException: Unable to write data"
	const reset = " from the transport connection: Connection reset by peer."
	w := kernelWords("", "")
	w.first = map[string]string{"read": read + reset, "write": write + strings.Replace(reset, "from", "to", 1)}
	w.then["write"] = write + " to the transport connection: The socket has been shut down."
	return w
}

func phpWords() words {
	w := kernelWords("fwrite(): Send of 1 bytes failed with errno=104 %s", "fwrite(): Send of 1 bytes failed with errno=32 %s")
	w.first["read"] = "end"
	return w
}

func javaWords() words {
	w := kernelWords("java.net.SocketException: %s", "java.net.SocketException: %s")
	w.first["read"] = "java.net.SocketException: Connection reset"
	w.then["read read"] = w.first["read"]
	return w
}
