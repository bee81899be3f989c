package real

import (
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// The commands by which people look whether a port is open connect and close:
// the handshake tells that somebody listens, and the server accepts a client that
// finishes politely. Where nobody listens the kernel answers the SYN with RST, and
// connect(2) gives ECONNREFUSED (RFC 9293, section 3.10.7.1).
var _ = Situation(catalogue.Situation{
	Name:  "commands-check-a-port",
	Title: "A command that checks a port",
	Cause: "refused",
	Drawing: `
nc -zv                 port
  SYN      ───────────▶
           ◀═══════════  RST ACK      nobody listens
  "Connection refused", exit status 1
`,
	Client: "connect: ECONNREFUSED, in the command's own words, and its exit status",
	Server: "nothing: its kernel answers",
	Twin:   "somebody listens: connect: 0, then FIN",
}, func() {
	probe := func(ctx SpecContext, l *lab.Lab, name, address string) (status int, text string) {
		GinkgoHelper()
		host, port, err := net.SplitHostPort(address)
		Expect(err).NotTo(HaveOccurred())
		return said(ctx, l.Host("client"), name, probers[name](host, port)...)
	}

	DescribeTable("calls it refused where nobody listens", About(claims.PortCheck),
		func(ctx SpecContext, name string, wantStatus int, want string) {
			l := StartLab()
			server := Serve(l, servers.Echo)
			Expect(server.Close()).To(Succeed())

			status, text := probe(ctx, l, name, server.Addr())

			Expect(status).To(Equal(wantStatus), text)
			Expect(text).To(MatchRegexp(want))
			Measured(claims.PortCheck, portCalled(status, text))
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")))
		},
		Entry("(nc)", "nc", 1, `^nc: connect to 127\S+ port \d+ \(tcp\) failed: Connection refused$`, Label("real:nc"), Limit),
		Entry("(telnet)", "telnet", 1, `(?m)^telnet: Unable to connect to remote host: Connection refused$`,
			Label("real:telnet"), Limit),
		Entry("(bash)", "bash", 1, `^\S*bash: connect: Connection refused\n\S*bash: line 1: /dev/tcp/127\S+: Connection refused$`,
			Label("real:bash"), Limit),
		Entry("(curl)", "curl", 7, `^curl: \(7\) Failed to connect to 127\S+ port \d+ after \d+ ms: Couldn't connect to server$`,
			Label("real:curl"), Limit),
	)

	DescribeTable("calls it open where somebody listens", About(claims.PortCheck),
		func(ctx SpecContext, name string, wantStatus int, want string) {
			l := StartLab()
			server := Serve(l, servers.Echo)

			status, text := probe(ctx, l, name, server.Addr())

			Expect(status).To(Equal(wantStatus), text)
			Expect(text).To(MatchRegexp(want))
			var saw lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
			Expect(saw).To(EndIn("read", harness.Finished))
			Measured(claims.PortCheck, portCalled(status, text))
			Expect(Recorded(l)).To(ShowNoReset())
		},
		Entry("(nc)", "nc", 0, `^Connection to 127\S+ \d+ port \[tcp/\*\] succeeded!$`, Label("real:nc"), Limit),
		Entry("(telnet)", "telnet", 0, `(?s)\nConnected to 127\S+\.\n`, Label("real:telnet"), Limit),
		Entry("(bash)", "bash", 0, `^$`, Label("real:bash"), Limit),
		Entry("(curl)", "curl", 1, `^curl: \(1\) Received HTTP/0\.9 when not allowed$`, Label("real:curl"), Limit),
	)

	It("is no exception for a Java server", Label("real:java", "real:nc", "real:bash"), func(ctx SpecContext) {
		l := StartLab()
		server := selectorServer(ctx, l, handled)

		for _, name := range []string{"nc", "bash"} {
			status, text := probe(ctx, l, name, server.Addr())
			Expect(status).To(BeZero(), text)
		}

		awaitLine(ctx, server, "read 2 ")
		Expect(server.Text()).To(Equal("listening\naccept 1\nread 1 -1\naccept 2\nread 2 -1\n"))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})

// probers are the arguments with which commands check a port.
var probers = map[string]func(host, port string) []string{
	"nc":     func(host, port string) []string { return []string{"-zv", host, port} },
	"telnet": func(host, port string) []string { return []string{host, port} },
	"bash":   func(host, port string) []string { return []string{"-c", "exec 3<>/dev/tcp/" + host + "/" + port} },
	"curl": func(host, port string) []string {
		return []string{"--silent", "--show-error", "--noproxy", "*", "http://" + net.JoinHostPort(host, port) + "/"}
	},
}

// portCalled is what a command calls a port, in the words of the claim. curl
// speaks to it, and complains of the answer.
func portCalled(status int, text string) string {
	switch {
	case status == 0, strings.Contains(text, "Received HTTP/0.9"), strings.Contains(text, "\nConnected to "):
		return "open"
	case strings.Contains(text, "Connection refused"), status == 7:
		return "refused"
	case strings.Contains(text, "No route to host"), strings.Contains(text, "timed out"), status == 28:
		return "filtered"
	}
	return text
}
