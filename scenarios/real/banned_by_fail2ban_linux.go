package real

import (
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// fail2ban reads sshd's log and puts the address of who fails to log in into a
// set of nftables, which a rule at input looks segments up in. Connections that
// are open are banned with it. What ssh says is the rule's choice, and none of it
// is sshd's: a SYN is refused by ICMP port unreachable or by RST, or unanswered;
// an open connection is reset in sshd's name by "reject with tcp reset" alone. By
// ICMP, which is a soft error to it (RFC 1122, section 4.2.3.9), and by silence it
// lasts until its data has been sent in vain often enough (tcp_retries2).
var _ = Situation(catalogue.Situation{
	Name:   "fail2ban-bans-an-address",
	Title:  "fail2ban bans an address at sshd",
	Cause:  "banned",
	Labels: []string{"real:sshd", "real:ssh", "real:fail2ban", "real:nft", "needs:netns"},
	Drawing: `
ssh                    nftables               sshd
  a stranger, twice ────────────────────────▶   "Invalid user"
                         set: its address  ◀─   fail2ban: Ban
  SYN    ───────────▶    reject
         ◀═══════════  RST, or ICMP, or nothing
  "Connection refused", or "timed out"
`,
	Client: `"Connection refused" or "Connection timed out"; an open connection: "send disconnect: Broken pipe"`,
	Server: "nothing of the ban: its open connection times out",
	Twin:   "one failure is no ban; where fail2ban is stopped ssh logs in again",
}, func() {
	// Of an open connection's end ssh says the same in each case: its read takes
	// the error, and the message by which it wants to disconnect finds the pipe
	// broken, which is all that it tells (clientloop.c, client_loop).
	const brokenPipe = "client_loop: send disconnect: Broken pipe"

	DescribeTable("ends what is open and what is new, as its rule says:", About(claims.IPBanned),
		func(ctx SpecContext, block, says string, fresh harness.Ending, condition string, reset types.GomegaMatcher) {
			s := startBans(ctx, block)
			stays, input := s.sshThatStays(ctx, "read line <"+s.end)
			s.fail(ctx)
			s.fail(ctx)
			s.awaitBan(ctx)
			Expect(s.clients.SetSysctl("net.ipv4.tcp_syn_retries", "1")).To(Succeed())
			Expect(s.clients.SetSysctl("net.ipv4.tcp_retries2", "1")).To(Succeed())

			host, port, _ := strings.Cut(s.server.Addr(), ":")
			endsWith(ctx, s.ssh(ctx, "true"), 255, Equal("ssh: connect to host "+host+" port "+port+": "+says))
			_, err := io.WriteString(input, "a\n")
			Expect(err).NotTo(HaveOccurred())
			endsWith(ctx, stays, 255, Equal("ready"), Equal(brokenPipe))
			s.endsInVain(ctx)

			Measured(claims.IPBanned, fresh, "the connection is new")
			Measured(claims.IPBanned, harness.BrokenPipe, condition)
			Expect(Recorded(s.lab)).To(reset)
		},
		Entry("by ICMP", "reject", "Connection refused", harness.Refused, "the ban rejects with ICMP", byClient, Limit),
		Entry("by RST", "reject with tcp reset", "Connection refused", harness.Refused, "the ban rejects with RST",
			ShowReset(SentBy(evidence.Between, ""), WithFlags("RST")), Limit),
		Entry("by silence", "drop", "Connection timed out", harness.TimedOut, "the ban drops", byClient, Limit),
	)

	It("lets in who failed once, and everybody where it is stopped", func(ctx SpecContext) {
		s := startBans(ctx, "drop")
		s.fail(ctx)
		logs(ctx, s.fail2ban, "[sshd] Found "+s.clients.IP().String(), 1)
		endsWith(ctx, s.ssh(ctx, "echo hello"), 0, Equal("hello"))
		Expect(s.fail2ban.Text()).NotTo(ContainSubstring("Ban "))

		s.fail(ctx)
		s.awaitBan(ctx)
		Expect(s.fail2ban.Close()).To(Succeed())

		_, rules := said(ctx, s.lab.Host("server"), "nft", "list", "ruleset")
		Expect(rules).To(BeEmpty())
		endsWith(ctx, s.ssh(ctx, "echo hello"), 0, Equal("hello"))
		Expect(Recorded(s.lab)).To(ShowNoReset())
	}, Limit)
})

// byClient is the RST by which a client's kernel answers sshd's last data for a
// connection that has timed out. The ban eats it.
var byClient = ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"))

// banned is the file that says that a ban is in force.
const banned = "banned"

// bans is an sshd whose log fail2ban watches.
type bans struct {
	login
	clients, servers *netlab.Host
	fail2ban         *lab.Program
	log, end         string // files: sshd's log, and a FIFO that ends a command
}

// startBans starts both at the host "server".
func startBans(ctx SpecContext, block string) bans {
	GinkgoHelper()
	l, client, server := StartPair()
	s := bans{login: startSSHD(ctx, l, recipes.Server{Log: "log", Options: []string{"LogLevel VERBOSE"}}), clients: client, servers: server}
	s.log, s.end = filepath.Join(s.server.Dir(), "log"), filepath.Join(s.server.Dir(), "end")
	Expect(syscall.Mkfifo(s.end, 0o600)).To(Succeed())
	at := netip.MustParseAddrPort(s.server.Addr())
	s.fail2ban = start(ctx, l.Host("server"), recipes.Fail2Ban(recipes.Jail{
		Log: s.log, Port: at.Port(), MaxRetry: 2, Block: block, Banned: banned}))
	awaitLine(ctx, s.fail2ban, "Server ready")
	return s
}

// awaitBan waits until the clients' address is banned.
func (s bans) awaitBan(ctx SpecContext) {
	GinkgoHelper()
	Expect(s.fail2ban.AwaitFile(ctx, banned)).To(Succeed())
	logs(ctx, s.fail2ban, "[sshd] Ban "+s.clients.IP().String(), 1)
}

// fail has a client fail to log in, as somebody whom the server does not know.
func (s bans) fail(ctx SpecContext) {
	GinkgoHelper()
	s.client.Options = append(slices.Clone(s.client.Options), "User=nobody-here")
	endsWith(ctx, s.ssh(ctx, "true"), 255, ContainSubstring("Permission denied (publickey)."))
}

// endsInVain has the command end that waits at the server: the client, which is
// banned, cannot say that it is gone, and sshd's connection times out.
func (s bans) endsInVain(ctx SpecContext) {
	GinkgoHelper()
	Expect(s.servers.SetSysctl("net.ipv4.tcp_retries2", "1")).To(Succeed())
	end, err := os.OpenFile(s.end, os.O_RDWR, 0)
	Expect(err).NotTo(HaveOccurred())
	defer end.Close()
	_, err = io.WriteString(end, "\n")
	Expect(err).NotTo(HaveOccurred())
	Eventually(ctx, os.ReadFile).WithArguments(s.log).Should(ContainSubstring("Connection timed out"))
}
