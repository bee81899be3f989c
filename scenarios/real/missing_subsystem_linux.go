package real

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// sshd starts a subsystem when a client asks for it, and finds out only then that
// the program is not where its configuration says (sshd_config(5), Subsystem).
// The client is let in, and told the end of the channel. Nothing is reset.
var _ = Situation(catalogue.Situation{
	Name:   "sshd-lacks-the-subsystem",
	Title:  "sshd whose sftp-server is missing",
	Cause:  "helper-missing",
	Labels: []string{"real:sshd", "real:ssh"},
	Drawing: `
sftp                   sshd
  login    ──────────▶
           ◀──────────  accepted
  "sftp"   ──────────▶    cannot stat
           ◀──────────  FIN
  "Connection closed"
`,
	Client: `"Connection closed", and exit status 255`,
	Server: `at LogLevel DEBUG1: "subsystem: cannot stat"`,
	Twin:   "the program is there: the command is answered",
}, func() {
	It("lets the client in and closes at the first request", About(claims.MissingHelper), func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), recipes.Server{
			Options: []string{"LogLevel DEBUG1", "Subsystem sftp /nonexistent/sftp-server"},
		})

		client := start(ctx, s.lab.Host("client"), recipes.SFTP(s.server.Addr(), s.client, "pwd\n"))

		endsWith(ctx, client, 255, Equal("Connection closed"))
		logs(ctx, s.server, "Accepted publickey for root", 1)
		logs(ctx, s.server, "subsystem: cannot stat /nonexistent/sftp-server: No such file or directory", 1)
		Measured(claims.MissingHelper, "accepted, ended at the first request")
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)

	It("says so where no subsystem is configured", func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), recipes.Server{})

		client := start(ctx, s.lab.Host("client"), recipes.SFTP(s.server.Addr(), s.client, "pwd\n"))

		endsWith(ctx, client, 255, Equal("subsystem request failed on channel 0"), Equal("Connection closed"))
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)

	It("answers where the program is there", func(ctx SpecContext) {
		s := startSSHD(ctx, StartLab(), recipes.Server{Options: []string{"Subsystem sftp internal-sftp"}})

		client := start(ctx, s.lab.Host("client"), recipes.SFTP(s.server.Addr(), s.client, "pwd\n"))

		endsWith(ctx, client, 0, Equal("sftp> pwd"), Equal("Remote working directory: /run"))
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)
})
