package real

import (
	"io"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// An sshd that is linked with TCP wrappers asks them for each connection that it
// has accepted (hosts_access(5)), and closes one that they deny without a word.
// ssh has sent its banner by then: close finds it unread and sends RST (RFC 1122,
// section 4.2.2.13). The files are read for each connection: nothing is to be
// restarted when they change.
var _ = Situation(catalogue.Situation{
	Name:   "sshd-denied-by-hosts-deny",
	Title:  "sshd and a host in hosts.deny",
	Cause:  "hosts-deny",
	Labels: []string{"real:sshd", "real:ssh"},
	Drawing: `
ssh                    sshd
  banner ───────────▶
                         hosts.deny: close
         ◀═══════════  RST
  "Connection reset by peer"
`,
	Client: `"kex_exchange_identification: read: Connection reset by peer", and exit status 255`,
	Server: `at LogLevel DEBUG1: "Connection refused by tcp wrapper"`,
	Twin:   "hosts.allow names the host, which counts before hosts.deny: ssh logs in",
}, func() {
	denies := func(text string) recipes.Server {
		return recipes.Server{Options: []string{"LogLevel DEBUG1"}, Files: map[string]string{"/etc/hosts.deny": text}}
	}

	It("resets ssh, whose banner is unread", About(claims.HostsDeny), func(ctx SpecContext) {
		needsWrappers()
		s := startSSHD(ctx, StartLab(), denies("sshd: ALL\n"))

		client := s.sshUnread(ctx)

		endsWith(ctx, client, 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))
		logs(ctx, s.server, "Connection refused by tcp wrapper", 1)
		Measured(claims.HostsDeny, "read: reset", "the client's banner is unread when the daemon closes")
		Expect(Recorded(s.lab)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("finishes a client that has said nothing, without a word", About(claims.HostsDeny), func(ctx SpecContext) {
		needsWrappers()
		s := startSSHD(ctx, StartLab(), denies("ALL: ALL\n"))

		silent, err := s.lab.Host("client").Dial(ctx, s.server.Addr())
		Expect(err).NotTo(HaveOccurred())
		text, err := io.ReadAll(silent)

		Expect(err).NotTo(HaveOccurred())
		Expect(text).To(BeEmpty())
		Expect(silent.Outcome()).To(EndIn("read", harness.Finished))
		Measured(claims.HostsDeny, silent.Outcome(), "the client has sent nothing")
		Expect(Recorded(s.lab, silent)).To(ShowNoReset())
	}, Limit)

	It("lets ssh in where hosts.allow names the host", About(claims.AllowBeforeDeny), func(ctx SpecContext) {
		needsWrappers()
		settings := denies("ALL: ALL\n")
		l := StartLab()
		settings.Files["/etc/hosts.allow"] = "sshd: " + l.IP().String() + "\n"
		s := startSSHD(ctx, l, settings)

		client := s.ssh(ctx, "echo hello")

		endsWith(ctx, client, 0, Equal("hello"))
		Measured(claims.AllowBeforeDeny, "allowed")
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)

	It("lets ssh in as soon as the file is changed, by the same process", func(ctx SpecContext) {
		needsWrappers()
		s := startSSHD(ctx, StartLab(), denies("sshd: ALL\n"))
		endsWith(ctx, s.sshUnread(ctx), 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))

		Expect(s.server.WriteFile("/etc/hosts.deny", "")).To(Succeed())

		endsWith(ctx, s.ssh(ctx, "echo hello"), 0, Equal("hello"))
	}, Limit)
})
