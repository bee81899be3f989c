package real

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// vsftpd that requires TLS begins in plain text (RFC 4217, AUTH TLS), and says so to
// who names a user without it. Then it shuts its socket down and exits: FIN is there
// first, as at the end of any of its sessions. Who begins with a ClientHello reads
// the greeting for an answer, which is no TLS, and resets the connection itself.
var _ = Situation(catalogue.Situation{
	Name:   "vsftpd-requires-tls",
	Title:  "vsftpd that requires TLS",
	Cause:  "plain-to-tls",
	Labels: []string{"real:vsftpd"},
	Drawing: `
client                 vsftpd, ssl_enable=YES
           ◀───────────  "220 (vsFTPd 3.0.3)"
  USER     ───────────▶
           ◀───────────  "530 Anonymous sessions must use encryption."
           ◀───────────  FIN
  read: 530, then the end of the stream
`,
	Client: `the reply, then the end of the stream; "curl: (67) Access denied: 530"`,
	Server: `logs "530 Anonymous sessions must use encryption."`,
	Twin:   "AUTH TLS comes first: the client has its file",
}, func() {
	options := []string{"ssl_enable=YES", "allow_anon_ssl=YES", "force_anon_logins_ssl=YES", "force_anon_data_ssl=YES",
		"local_enable=YES", "force_local_logins_ssl=YES", "debug_ssl=YES"}
	serve := func(ctx SpecContext, l *lab.Lab) *lab.Program {
		GinkgoHelper()
		return trace(ctx, l.Host("server"), withCertificate(recipes.VSFTPD(options...)))
	}
	const anonymous = "530 Anonymous sessions must use encryption."

	DescribeTable("tells who speaks no TLS, and finishes,", About(claims.TLSMismatch),
		func(ctx SpecContext, says, want string, more bool) {
			l := StartLab()
			server := serve(ctx, l)

			c, _ := talk(ctx, l, server.Addr(), "", "220 (vsFTPd 3.0.3)\r\n")
			_, err := c.Write([]byte(says))
			Expect(err).NotTo(HaveOccurred())
			reply := readUntil(c, "\r\n")
			if more { // the process may take its time to exit
				Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
			}
			clients.ReadAll(c)

			Expect(reply).To(Equal(want + "\r\n"))
			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			inLog(ctx, server, `"`+want+`"`)
			Measured(claims.TLSMismatch, sessionOr(!strings.HasPrefix(reply, "331 ")))
			recording := Recorded(l, c)
			if !more {
				Expect(recording).To(ShowNoReset())
				return
			}
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("anonymous", "USER anonymous\r\n", anonymous, false, Limit),
		Entry("a user", "USER root\r\n", "530 Non-anonymous sessions must use encryption.", false, Limit),
		Entry("though more is unread, which resets it then", "USER anonymous\r\nPASS x\r\n", anonymous, true, Limit),
	)

	It("denies curl, which does not ask for TLS", Label("real:curl"), About(claims.TLSMismatch), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := fetched(ctx, l, "ftp://"+server.Addr()+"/file")

		Expect(status).To(Equal(67), text)
		Expect(text).To(Equal("curl: (67) Access denied: 530\n530 0"))
		inLog(ctx, server, `"`+anonymous+`"`)
		Measured(claims.TLSMismatch, sessionOr(status != 0))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	// lftp says QUIT to that, which is unread at vsftpd's end, or not, by chance.
	It("denies lftp, which takes no TLS for anonymous", Label("real:lftp"), About(claims.TLSMismatch), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := loggedIn(ctx, l, server)

		Expect(status).To(Equal(1), text)
		Expect(text).To(ContainSubstring("Login failed: " + anonymous))
		Measured(claims.TLSMismatch, sessionOr(status != 0))
		Recorded(l)
	}, Limit)

	It("is reset by curl, which begins with TLS", Label("real:curl"), About(claims.TLSMismatch), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := fetched(ctx, l, "ftps://"+server.Addr()+"/file")

		Expect(status).To(Equal(35), text)
		Expect(text).To(MatchRegexp(`^curl: \(35\) .*wrong version number\n`))
		Measured(claims.TLSMismatch, sessionOr(status != 0))
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.Application, "client"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("serves curl, which asks for TLS", Label("real:curl"), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := fetched(ctx, l, "ftp://"+server.Addr()+"/file", "--ssl-reqd", "--cacert", authorityOf(server))

		Expect(status).To(BeZero(), text)
		Expect(text).To(Equal("226 6"))
		inLog(ctx, server, `"226 Transfer complete."`)
		Recorded(l)
	}, Limit)

	// require_ssl_reuse, on by default, is to show that who connects for the data is
	// who has logged in.
	It("finishes the data of curl, which does not take its session up again", Label("real:curl"), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := fetched(ctx, l, "ftp://"+server.Addr()+"/file",
			"--ssl-reqd", "--cacert", authorityOf(server), "--no-sessionid")

		Expect(status).To(Equal(18), text)
		Expect(text).To(HavePrefix("curl: (18) transfer closed with 6 bytes remaining to read\n"))
		inLog(ctx, server, "No SSL session reuse on data channel.")
		inLog(ctx, server, `"522 SSL connection failed: session reuse required"`)
		Expect(Recorded(l)).NotTo(ShowReset(SentBy(evidence.Application, "server")))
	}, Limit)

	It("serves lftp, which takes its session up again", Label("real:lftp"), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := loggedIn(ctx, l, server, "set ftp:ssl-allow-anonymous yes", "set ssl:ca-file "+authorityOf(server))

		Expect(status).To(BeZero(), text)
		Expect(text).To(ContainSubstring("\nhello\n"))
		inLog(ctx, server, `"226 Transfer complete."`)
		Expect(Recorded(l)).NotTo(ShowReset(SentBy(evidence.Application, "server")))
	}, Limit)
})

// loggedIn has lftp, with settings, get the file of a vsftpd, and returns its exit
// status and what it says.
func loggedIn(ctx SpecContext, l *lab.Lab, server *lab.Program, settings ...string) (status int, text string) {
	GinkgoHelper()
	host, port, _ := strings.Cut(server.Addr(), ":")
	client := start(ctx, l.Host("client"), recipes.LFTP(
		append(settings, "set net:max-retries 1", fmt.Sprintf("open -p %s %s", port, host), "cat file")...))
	status, err := client.Exit(ctx)
	Expect(err).NotTo(HaveOccurred())
	client.Err() // its failure is known
	return status, client.Text()
}

// withCertificate has vsftpd, whose recipe it is, use a certificate of identify.
func withCertificate(vsftpd program.Recipe) program.Recipe {
	command := vsftpd.Command
	vsftpd.Command = func(at program.Place) (program.Command, error) {
		certificate, key := identify(at, nil)
		c, err := command(at)
		c.Args = append(c.Args, "-orsa_cert_file="+certificate, "-orsa_private_key_file="+key)
		return c, err
	}
	return vsftpd
}
