package real

import (
	"debug/elf"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
)

// What ssh says when it is reset, and when it is told the end of the stream,
// before the server has identified itself (kex.c, kex_exchange_identification).
const (
	resetMessage  = "kex_exchange_identification: read: Connection reset by peer"
	closedMessage = "kex_exchange_identification: Connection closed by remote host"
)

// banner is the line by which a client identifies itself (RFC 4253, section 4.2).
const banner = "SSH-2.0-client\r\n"

// A login is a server, and a client that it lets in.
type login struct {
	lab    *lab.Lab
	server *lab.Program
	client recipes.Client
}

// startSSHD starts a server with these settings, and keys.
func startSSHD(ctx SpecContext, l *lab.Lab, settings recipes.Server) login {
	GinkgoHelper()
	host, err := recipes.NewKey()
	Expect(err).NotTo(HaveOccurred())
	user, err := recipes.NewKey()
	Expect(err).NotTo(HaveOccurred())
	settings.HostKey, settings.User = host, user
	server := trace(ctx, l.Host("server"), recipes.SSHD(settings))
	return login{l, server, recipes.Client{HostKey: host, User: user}}
}

// ssh starts a client that has the server run a command.
func (s login) ssh(ctx SpecContext, command ...string) *lab.Program {
	GinkgoHelper()
	return trace(ctx, s.lab.Host("client"), recipes.SSH(s.server.Addr(), s.client, command...))
}

// sshThatStays is ssh whose command says "ready", and then does this until the
// connection has ended. It returns what its standard input reads, which ends with
// the spec.
func (s login) sshThatStays(ctx SpecContext, does string) (client *lab.Program, input *os.File) {
	GinkgoHelper()
	client, input = typing(ctx, s.lab, recipes.SSH(s.server.Addr(), s.client, "echo ready; "+does))
	awaitLine(ctx, client, "ready")
	return client, input
}

// sshUnread is ssh by a client whose banner lies unread when the server accepts
// it.
func (s login) sshUnread(ctx SpecContext) (client *lab.Program) {
	GinkgoHelper()
	Expect(s.server.AcceptUnread(ctx, len("SSH-2.0-\r\n"), func() error {
		client = s.ssh(ctx, "true")
		return nil
	})).To(Succeed())
	return client
}

// endsWith waits for the end of a client, by its exit status and by what it said,
// line by line, without what a server passes on that logs at a LogLevel DEBUG.
func endsWith(ctx SpecContext, client *lab.Program, status int, words ...types.GomegaMatcher) {
	GinkgoHelper()
	got, err := client.Exit(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(got).To(Equal(status), client.Text())
	lines := strings.Split(strings.TrimSuffix(client.Text(), "\n"), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "debug") })
	Expect(lines).To(HaveExactElements(asAny(words)...))
}

func asAny(matchers []types.GomegaMatcher) (list []any) {
	for _, matcher := range matchers {
		list = append(list, matcher)
	}
	return list
}

// logs waits until a program has said a line with this text so many times.
func logs(ctx SpecContext, p *lab.Program, text string, times int) {
	GinkgoHelper()
	_, err := p.AwaitLine(ctx, func(line program.Line) bool {
		if strings.Contains(line.Text, text) {
			times--
		}
		return times <= 0
	})
	Expect(err).NotTo(HaveOccurred(), p.Text())
}

// hold connects to the server and says nothing, which takes one of its slots: the
// server has identified itself when it returns.
func (s login) hold(ctx SpecContext) *lab.Conn {
	GinkgoHelper()
	conn, err := s.lab.Host("client").Dial(ctx, s.server.Addr())
	Expect(err).NotTo(HaveOccurred())
	first := make([]byte, len("SSH-2.0-"))
	_, err = conn.Read(first)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(first)).To(Equal("SSH-2.0-"))
	return conn
}

// needsWrappers skips the spec where sshd asks no TCP wrappers: Debian's does
// up to version 12.
func needsWrappers() {
	GinkgoHelper()
	path, err := recipes.SSHD(recipes.Server{}).Find()
	Expect(err).NotTo(HaveOccurred())
	file, err := elf.Open(path)
	Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	Expect(err).NotTo(HaveOccurred())
	if !slices.ContainsFunc(libraries, func(name string) bool { return strings.HasPrefix(name, "libwrap.") }) {
		Skip("this sshd knows no TCP wrappers (it is not linked with libwrap): Debian 12 has one that does")
	}
}

// byAddress is the line with which ssh ends beside resetMessage and closedMessage.
func byAddress(what string, s login) string {
	host, port, err := net.SplitHostPort(s.server.Addr())
	Expect(err).NotTo(HaveOccurred())
	return what + " by " + host + " port " + port
}

// isOpenSSH says whether sshd is this release or a newer one.
func isOpenSSH(major, minor int) (newer bool, release string) {
	GinkgoHelper()
	release, err := tools["sshd"].release()
	Expect(err).NotTo(HaveOccurred())
	var gotMajor, gotMinor int
	_, err = fmt.Sscanf(release, "%d.%d", &gotMajor, &gotMinor)
	Expect(err).NotTo(HaveOccurred(), release)
	return gotMajor > major || gotMajor == major && gotMinor >= minor, release
}

// needsOpenSSH skips the spec where sshd is older than this release.
func needsOpenSSH(major, minor int) {
	GinkgoHelper()
	if newer, release := isOpenSSH(major, minor); !newer {
		Skip(fmt.Sprintf("this sshd is OpenSSH %s, and the spec takes %d.%d or newer: Debian 13 has one", release, major, minor))
	}
}
