package real

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// sshd reads its configuration when it starts, and again at a SIGHUP (sshd(8)),
// at which it executes itself with the same process id. Connections that are open
// then have processes of their own, and stay.
var _ = Situation(catalogue.Situation{
	Name:   "sshd-reads-settings-at-a-sighup",
	Title:  "sshd whose configuration was changed",
	Cause:  "stale-settings",
	Labels: []string{"real:sshd", "real:ssh"},
	Drawing: `
ssh                    sshd
  banner ───────────▶    MaxStartups 1    edited: 10
         ◀═══════════  RST
                         SIGHUP
  banner ───────────▶    MaxStartups 10
         ◀───────────  banner
`,
	Client: "is turned away by the old settings until the SIGHUP",
	Server: "goes on by what it read at its start",
	Twin:   "a connection that is open at the SIGHUP stays open",
}, func() {
	It("goes on by its old settings until it gets a SIGHUP", About(claims.StaleSettings), func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), recipes.Server{Options: []string{"MaxStartups 1:100:1"}})
		held := s.hold(ctx)
		old := s.sshUnread(ctx)
		endsWith(ctx, old, 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))

		edit(filepath.Join(s.server.Dir(), "sshd_config"), "MaxStartups 1:100:1", "MaxStartups 10:30:100")
		edited := s.sshUnread(ctx)
		endsWith(ctx, edited, 255, Equal(resetMessage), Equal(byAddress("Connection reset", s)))
		Expect(s.server.Signal(syscall.SIGHUP)).To(Succeed())
		logs(ctx, s.server, "Server listening on", 2)
		served := s.ssh(ctx, "echo hello")
		endsWith(ctx, served, 0, Equal("hello"))

		Expect(s.server.Exited()).NotTo(BeClosed(), "it is another process")
		info, err := held.Info()
		Expect(err).NotTo(HaveOccurred())
		Expect(info.State).To(Equal(tcp.State("ESTABLISHED")), "the open connection stays")
		Measured(claims.StaleSettings, "reset by the old rule, served after the restart")
		Expect(Recorded(s.lab, held)).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE")))
	}, Limit)
})

// edit replaces a text in a file.
func edit(path, old, new string) {
	GinkgoHelper()
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(text)).To(ContainSubstring(old))
	Expect(os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, new)), 0o600)).To(Succeed())
}
