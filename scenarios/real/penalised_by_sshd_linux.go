package real

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// Since version 9.8 sshd turns away an address from which clients failed to
// authenticate, or did not try, for some time (sshd_config(5),
// PerSourcePenalties). It does so as it drops what is beyond MaxStartups: with a
// line and a close, at which a banner that lies unread becomes a RST (RFC 1122,
// section 4.2.2.13).
var _ = Situation(catalogue.Situation{
	Name:   "sshd-penalises-an-address",
	Title:  "sshd and an address that failed to log in",
	Cause:  "banned",
	Labels: append([]string{"real:sshd", "real:ssh"}, claims.Newer("openssh-9.8")...),
	Drawing: `
ssh                    sshd
  a key it knows not ─▶  Permission denied
  again:
  banner ───────────▶    penalty: close
         ◀═══════════  RST
`,
	Client: `"kex_exchange_identification: read: Connection reset by peer", and exit status 255`,
	Server: `logs "drop connection … penalty: failed authentication"`,
	Twin:   "the address is in PerSourcePenaltyExemptList: permission is denied again",
}, func() {
	const denied = "Permission denied (publickey)."
	// denies starts a server that has denied a client, whose address is then
	// penalised for longer than the spec takes.
	denies := func(ctx SpecContext, options ...string) login {
		GinkgoHelper()
		needsOpenSSH(9, 8)
		s := startSSHD(ctx, StartLab(), recipes.Server{
			Options: append(options, "LogLevel DEBUG1", "PerSourcePenalties authfail:600s min:1s")})
		stranger, err := recipes.NewKey()
		Expect(err).NotTo(HaveOccurred())
		s.client.User = stranger
		endsWith(ctx, s.ssh(ctx, "true"), 255, ContainSubstring(denied))
		return s
	}

	It("resets ssh, whose banner is unread", func(ctx SpecContext) {
		s := denies(ctx)
		logs(ctx, s.server, "penalise: ", 1)

		client := s.sshUnread(ctx)

		endsWith(ctx, client, 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))
		logs(ctx, s.server, "penalty: failed authentication", 1)
		Expect(Recorded(s.lab)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("denies permission again where the address is exempt", func(ctx SpecContext) {
		s := denies(ctx, "PerSourcePenaltyExemptList 127.0.0.0/8")

		client := s.sshUnread(ctx)

		endsWith(ctx, client, 255, ContainSubstring(denied))
		Expect(strings.Contains(s.server.Text(), "penalty: ")).To(BeFalse(), s.server.Text())
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)
})
