package real

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// vsftpd says why it ends a session (RFC 959: 421, 221), shuts its socket down, and
// exits. Of what came it has taken a line at a time (MSG_PEEK), so that what a client
// sent behind QUIT is unread when the kernel closes the socket, and RST goes out. It
// comes too late: the client has the FIN of the shutdown, and reads the end of the
// stream. lftp says nothing of a session that has timed out: it logs in once more.
var _ = Situation(catalogue.Situation{
	Name:   "vsftpd-ends-a-session",
	Title:  "vsftpd that ends a session",
	Cause:  "quit-pipelined",
	Labels: []string{"real:vsftpd"},
	Drawing: `
client                 vsftpd
  QUIT, NOOP ─────────▶  reads QUIT
           ◀───────────  "221 Goodbye."
           ◀───────────  FIN
           ◀═══════════  RST
  read: 221, then the end of the stream
`,
	Client: "the reply, then the end of the stream, though it had sent more",
	Server: `logs "221 Goodbye." or "421 Timeout."`,
	Twin:   "nothing comes behind QUIT, or nothing at all: FIN alone",
}, func() {
	login := func(ctx SpecContext, l *lab.Lab, server *lab.Program) *lab.Conn {
		GinkgoHelper()
		c, _ := talk(ctx, l, server.Addr(), "USER anonymous\r\n", "331 Please specify the password.\r\n")
		io.WriteString(c, "PASS x\r\n")
		readUntil(c, "230 Login successful.\r\n")
		return c
	}

	DescribeTable("at QUIT", About(claims.QuitCommand),
		func(ctx SpecContext, says string, more bool) {
			l := StartLab()
			server := trace(ctx, l.Host("server"), recipes.VSFTPD())
			c := login(ctx, l, server)

			io.WriteString(c, says)
			reply := readUntil(c, "\r\n")
			if more { // the process may take its time to exit
				Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
			}
			clients.ReadAll(c)

			Expect(reply).To(Equal("221 Goodbye.\r\n"))
			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			inLog(ctx, server, `"221 Goodbye."`)
			Measured(claims.QuitCommand, closedBy(c.Outcome()))
			recording := Recorded(l, c)
			if !more {
				Expect(recording).To(ShowNoReset())
				return
			}
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("finishes a client", "QUIT\r\n", false, Limit),
		Entry("finishes a client that has sent more, and resets it then", "QUIT\r\nNOOP\r\n", true, Limit),
	)

	It("finishes a client that says nothing, and answers with RST what it says then", About(claims.IdleTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.VSFTPD("idle_session_timeout=1"))

		c, err := l.Host("client").Dial(ctx, server.Addr())
		Expect(err).NotTo(HaveOccurred())
		text := readUntil(c, "421 Timeout.\r\n")
		Expect(c.AwaitFinish(ctx)).To(Succeed())
		io.WriteString(c, "NOOP\r\n")
		Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
		clients.ReadAll(c)
		clients.WriteByte(c)

		Expect(text).To(Equal("220 (vsFTPd 3.0.3)\r\n421 Timeout.\r\n"))
		Expect(c.Outcome()).To(EndIn("read", harness.Finished).Then("write", harness.BrokenPipe))
		inLog(ctx, server, `"421 Timeout."`)
		Measured(claims.IdleTimeout, c.Outcome())
		Expect(Recorded(l, c)).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)

	It("is logged in to once more by lftp, which says nothing of that", Label("real:lftp"), About(claims.GoHandle), func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.VSFTPD("idle_session_timeout=1"))
		host, port, _ := strings.Cut(server.Addr(), ":")
		goesOn := filepath.Join(server.Dir(), "goes-on")
		Expect(syscall.Mkfifo(goesOn, 0o666)).To(Succeed())
		Expect(os.Chmod(goesOn, 0o666)).To(Succeed())
		client := start(ctx, l.Host("client"), recipes.LFTP(
			fmt.Sprintf("open -p %s %s", port, host), "cat file", "!read line <"+goesOn, "cat file"))

		inLog(ctx, server, `"421 Timeout."`)
		fifo, err := os.OpenFile(goesOn, os.O_RDWR, 0)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(fifo.Close)
		io.WriteString(fifo, "\n")

		status, err := client.Exit(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(status).To(BeZero(), client.Text())
		Expect(client.Text()).To(MatchRegexp(`(?s)<--- 230 Login successful\..*<--- 421 Timeout\..*<--- 230 Login successful\.`))
		Expect(strings.Count(client.Text(), "hello\n")).To(Equal(2), client.Text())
		log, err := os.ReadFile(filepath.Join(server.Dir(), "log"))
		Expect(err).NotTo(HaveOccurred())
		second := len(fetchedFile.FindAll(log, -1)) - 1
		Measured(claims.GoHandle, fmt.Sprintf("executions: %d", second), "the session was idle")
		Recorded(l)
	}, Limit)
})

// fetchedFile finds a command by which a client fetches a file in vsftpd's log.
var fetchedFile = regexp.MustCompile(`FTP command: .*"RETR file"`)

// closedBy says in the words of the claims that a server closed, which a client
// knows by either ending.
func closedBy(saw lab.Outcome) string {
	if saw.Ending == harness.Finished || saw.Ending == harness.Reset {
		return "close: closed"
	}
	return string(saw.Ending)
}

// inLog waits until a text is in the file "log" of a program.
func inLog(ctx SpecContext, p *lab.Program, text string) {
	GinkgoHelper()
	Eventually(ctx, os.ReadFile).WithArguments(filepath.Join(p.Dir(), "log")).WithPolling(time.Millisecond).
		Should(ContainSubstring(text))
}
