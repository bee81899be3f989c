package real

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// sshd asks a client that has been silent for ClientAliveInterval, by a request
// on its channel, and closes when ClientAliveCountMax requests and an interval
// more have gone unanswered (sshd_config(5); serverloop.c, client_alive_check). A
// client that was stopped meanwhile answers all of them when it goes on, at a
// connection that nobody has any more: RST. By then it has received the FIN, and
// reads the end of the stream: the RST is seen on the wire alone.
var _ = Situation(catalogue.Situation{
	Name:   "sshd-drops-an-unresponsive-client",
	Title:  "sshd whose client does not answer",
	Cause:  "alive-check-failed",
	Labels: []string{"real:sshd", "real:ssh", "needs:netns"},
	Drawing: `
ssh, stopped           sshd
  1      ◀───────────  alive?
  2      ◀───────────  alive?
  3      ◀───────────  alive?
  4      ◀───────────  FIN
goes on
  1 2 3  ───────────▶
         ◀═══════════  RST
  read: EOF
`,
	Client: `"Connection to … closed by remote host.", and exit status 255`,
	Server: `logs "Timeout, client not responding from user root"`,
	Twin:   "a client that answers is kept",
}, func() {
	// ready starts a client, and returns when the command runs that it has the
	// server run. The server logs its packets.
	ready := func(ctx SpecContext, l *lab.Lab, countMax int) (s login, client *lab.Program) {
		GinkgoHelper()
		s = startSSHD(ctx, l, recipes.Server{Options: []string{
			"LogLevel DEBUG3", "ClientAliveInterval 1", fmt.Sprintf("ClientAliveCountMax %d", countMax)}})
		client, _ = s.sshThatStays(ctx, "exec cat")
		return s, client
	}

	It("finishes one that is stopped, and answers it with RST", About(claims.ClientAlive), func(ctx SpecContext) {
		const countMax = 3
		l, at, _ := StartPair()
		s, client := ready(ctx, l, countMax)
		tap, err := at.Tap()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(tap.Close)

		Expect(client.Pause(ctx)).To(Succeed())
		logs(ctx, s.server, "Timeout, client not responding from user root", 1)
		acknowledgedFinish(ctx, tap)
		Expect(client.Resume()).To(Succeed())

		host, _, _ := strings.Cut(s.server.Addr(), ":")
		endsWith(ctx, client, 255, Equal("ready"), Equal("Connection to "+host+" closed by remote host."))
		asked := unanswered(s.server)
		Expect(asked).To(Equal(countMax))
		Measured(claims.ClientAlive, fmt.Sprintf("%d messages unanswered, then read: finished", asked))
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("TCP_TIMEWAIT_SOCKET"), WithFlags("RST")))
	}, Limit)

	It("keeps one that answers", func(ctx SpecContext) {
		const countMax = 1
		l, _, _ := StartPair()
		s, client := ready(ctx, l, countMax)

		logs(ctx, s.server, aliveMessage, 2*countMax+1)

		Expect(client.Exited()).NotTo(BeClosed())
		Expect(unanswered(s.server)).To(BeNumerically("<=", countMax))
		Expect(client.Close()).To(Succeed())
		Expect(s.server.Text()).NotTo(ContainSubstring("Timeout, client not responding"))
	}, Limit)
})

// What sshd logs of a message by which it asks whether its client is alive
// (SSH_MSG_CHANNEL_REQUEST, RFC 4254), and of what it receives.
const (
	aliveMessage    = "debug3: send packet: type 98"
	receivedMessage = "debug3: receive packet: type"
)

// unanswered is how many of its last messages sshd has had no answer to.
func unanswered(server *lab.Program) (messages int) {
	for line := range strings.Lines(server.Text()) {
		switch {
		case strings.Contains(line, aliveMessage):
			messages++
		case strings.Contains(line, receivedMessage):
			messages = 0
		}
	}
	return messages
}

// acknowledgedFinish waits until the host of a tap has received the FIN of a
// connection.
func acknowledgedFinish(ctx SpecContext, tap *netlab.Tap) {
	GinkgoHelper()
	finish, err := tap.Await(ctx, func(s netlab.Segment) bool { return !s.Outgoing && s.Flags&netlab.FIN != 0 })
	Expect(err).NotTo(HaveOccurred())
	_, err = tap.Await(ctx, func(s netlab.Segment) bool { return s.Outgoing && s.Ack == finish.Next() })
	Expect(err).NotTo(HaveOccurred())
}
