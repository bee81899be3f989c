package real

import (
	"fmt"
	"io"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// An sshd beyond MaxStartups says so in a line, and closes. ssh sends its banner
// at once. If that lies unread at the close, RST follows the line (RFC 1122,
// section 4.2.2.13), and ssh says that it was reset. Who has said nothing is told
// the end of the stream, which stays so although a banner that comes later is
// answered with RST: by the wire alone one could not tell what the client saw.
//
// From version 9.8 on the line is the one for every address that sshd turns away,
// for a penalty too, and only the log says why (sshd.c, drop_connection).
var _ = Situation(catalogue.Situation{
	Name:   "sshd-drops-beyond-max-startups",
	Title:  "sshd beyond its MaxStartups",
	Cause:  "max-startups",
	Labels: []string{"real:sshd", "real:ssh"},
	Drawing: `
ssh                    sshd                    silent client          sshd
  banner ───────────▶                                   ◀───────────  FIN
         ◀═══════════  RST                       banner ───────────▶
  "Connection reset by peer"                            ◀═══════════  RST
                                                 read: EOF
`,
	Client: `"kex_exchange_identification: read: Connection reset by peer", and exit status 255`,
	Server: `logs "drop connection … past MaxStartups" (from version 9.8: "drop connection … Maxstartups")`,
	Twin:   "no slot is taken: ssh logs in",
}, func() {
	one := recipes.Server{Options: []string{"MaxStartups 1:100:1"}}
	// words are what sshd tells a client that it drops, and its log.
	words := func() (line, log string) {
		GinkgoHelper()
		if newer, _ := isOpenSSH(9, 8); newer {
			return "Not allowed at this time\r\n", " Maxstartups"
		}
		return "Exceeded MaxStartups\r\n", " past MaxStartups"
	}

	It("resets ssh, whose banner is unread", func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), one)
		held := s.hold(ctx)

		client := s.sshUnread(ctx)

		endsWith(ctx, client, 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))
		_, log := words()
		logs(ctx, s.server, log, 1)
		Expect(Recorded(s.lab, held)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("closes what it has accepted without a read", Label("real:strace"), func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), one)
		held := s.hold(ctx)

		client := s.sshUnread(ctx)

		endsWith(ctx, client, 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))
		recording := Recorded(s.lab, held)
		line, _ := words()
		Expect(recording.Lacks(evidence.Calls)).To(BeFalse(), "%v", recording.Missing)
		Expect(called(recording, "server", 1)).To(Equal(
			[]string{"accept: ok", fmt.Sprintf("write: %d bytes", len(line)), "close: ok"}))
		ofSSH := called(recording, "client", 1)
		Expect(ofSSH[len(ofSSH)-1]).To(Equal("read: reset"))
		Expect(recording.Resets).To(ContainElement(HaveField("By", MatchRegexp(`^sshd\S* close\(\)$`))))
	}, Limit)

	It("finishes a client whose banner comes later, although RST answers that", func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), one)
		held := s.hold(ctx)

		silent, err := s.lab.Host("silent").Dial(ctx, s.server.Addr())
		Expect(err).NotTo(HaveOccurred())
		Expect(silent.AwaitFinish(ctx)).To(Succeed())
		_, err = io.WriteString(silent, banner)
		Expect(err).NotTo(HaveOccurred())
		Expect(silent.AwaitResetAfterFinish(ctx)).To(Succeed())
		text, err := io.ReadAll(silent)

		Expect(err).NotTo(HaveOccurred())
		line, log := words()
		Expect(string(text)).To(Equal(line))
		Expect(silent.Outcome()).To(EndIn("read", harness.Finished))
		Note(silent.Outcome())
		logs(ctx, s.server, log, 1)
		Expect(Recorded(s.lab, silent, held)).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)

	It("lets ssh in where no slot is taken", func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), one)

		client := s.ssh(ctx, "echo hello")

		endsWith(ctx, client, 0, Equal("hello"))
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)
})
