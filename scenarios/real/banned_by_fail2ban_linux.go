package real

import (
	_ "embed"
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
//
// From version 9.8 on OpenSSH's messages of clients are of a process sshd-session.
// In a log that names processes, as syslog's and the journal's do, the filter of
// fail2ban before 1.1 does not take them for sshd's: nobody is banned.
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
			s := startBans(ctx, recipes.Jail{Block: block})
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
		s := startBans(ctx, recipes.Jail{Block: "drop"})
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

	// What is told of strangers here is not by the sshd that runs: it is the log of
	// others, recorded, with the client's address in it.
	DescribeTable("bans by a recorded log whose messages are of a process that its filter names:",
		func(ctx SpecContext, log, process string, bans bool) {
			filter, err := os.ReadFile("/etc/fail2ban/filter.d/sshd.conf")
			Expect(err).NotTo(HaveOccurred())
			if !bans && strings.Contains(string(filter), "-session") {
				Skip("this fail2ban's filter knows sshd-session, as from version 1.1 on: Debian 12 has 1.0")
			}
			s := startBans(ctx, recipes.Jail{Named: true, Process: process, Block: "reject"})
			s.replay(ctx, log)

			if bans {
				s.awaitBan(ctx)
				host, port, _ := strings.Cut(s.server.Addr(), ":")
				endsWith(ctx, s.ssh(ctx, "true"), 255, Equal("ssh: connect to host "+host+" port "+port+": Connection refused"))
				return
			}
			Expect(s.fail2ban.Text()).NotTo(ContainSubstring(s.clients.IP().String()))
			endsWith(ctx, s.ssh(ctx, "echo hello"), 0, Equal("hello"))
		},
		Entry("OpenSSH 9.2, sshd", openSSH92, "", true, Limit),
		Entry("not OpenSSH 10.0, sshd-session", openSSH100, "", false, Limit),
		Entry("OpenSSH 10.0, once that is named", openSSH100, "sshd(?:-session)?", true, Limit),
	)
})

// What two servers gave to syslog(3) of two clients that failed to log in from
// recordedAddress, Debian 12's (1:9.2p1-2+deb12u10) and Debian 13's
// (1:10.0p1-7+deb13u4), with "machine" in the place of each time.
//
//go:embed testdata/logs/openssh-9.2.log
var openSSH92 string

//go:embed testdata/logs/openssh-10.0.log
var openSSH100 string

const recordedAddress = "192.0.2.2"

// replay writes a recorded log for fail2ban, as if its clients were the spec's, and
// waits until that has read it all: a message of another client, by a process that
// every filter knows, is the last.
func (s bans) replay(ctx SpecContext, log string) {
	GinkgoHelper()
	const another = "192.0.2.9"
	log = strings.ReplaceAll(log, recordedAddress, s.clients.IP().String()) +
		"machine sshd[1]: Invalid user nobody-here from " + another + " port 1\n"
	Expect(os.WriteFile(s.watched, []byte(log), 0o600)).To(Succeed())
	logs(ctx, s.fail2ban, "[sshd] Found "+another, 1)
}

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
	watched          string // the log that fail2ban reads
}

// startBans starts both at the host "server". A second failure brings the ban, by
// sshd's log, or where messages are to be named by a log of others that is still
// empty.
func startBans(ctx SpecContext, jail recipes.Jail) bans {
	GinkgoHelper()
	l, client, server := StartPair()
	s := bans{login: startSSHD(ctx, l, recipes.Server{Log: "log", Options: []string{"LogLevel VERBOSE"}}), clients: client, servers: server}
	s.log, s.end = filepath.Join(s.server.Dir(), "log"), filepath.Join(s.server.Dir(), "end")
	Expect(syscall.Mkfifo(s.end, 0o600)).To(Succeed())
	s.watched = s.log
	if jail.Named {
		s.watched = filepath.Join(s.server.Dir(), "others")
		Expect(os.WriteFile(s.watched, nil, 0o600)).To(Succeed())
	}
	at := netip.MustParseAddrPort(s.server.Addr())
	jail.Log, jail.Port, jail.MaxRetry, jail.Banned = s.watched, at.Port(), 2, banned
	s.fail2ban = start(ctx, l.Host("server"), recipes.Fail2Ban(jail))
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
