package audits

import (
	"bufio"
	"context"
	"fmt"
	"log/syslog"
	"net"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// Nobody answers a message of syslog over TCP, so that its sender learns of a
// loss by a later write only, if at all (RFC 6587, section 4.4, warns of it).
// log/syslog connects again when a write fails, and repeats that one; logger of
// util-linux sends one message and leaves.
var _ = declare(
	audited{name: "log/syslog", options: writes, subject: overSyslog, expected: `
P[156]/rst/*/*  LOST-OK  the write has succeeded, and nothing says more
P4.race/rst/*/* LOST-OK  the same
*/fin/*/*       LOST-OK,POOL-POISONED  so is the next message: it does not look whether the server has closed
P15/fin/*/*     UNHARMED,POOL-POISONED  the next message is lost: see below
`},
	audited{name: "logger --tcp", options: writes, subject: byLogger, expected: `
P[156]/*/*/* LOST-OK  exit status 0, and not a word
`},
)

func overSyslog(SpecContext) audit.Subject {
	return audit.Subject{
		Protocol: protocols.Messages(), Origin: started(origins.StartMessages()), Pooled: true,
		Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
			return &syslogClient{address: to.Address}, nil
		},
	}
}

type syslogClient struct {
	address string
	writer  *syslog.Writer
}

func (s *syslogClient) Do(_ context.Context, c audit.Call) (a audit.Answer) {
	if s.writer == nil {
		if s.writer, a.Err = syslog.Dial("tcp", s.address, syslog.LOG_INFO, "audit"); a.Err != nil {
			return a
		}
	}
	a.Err = s.writer.Info(c.ID)
	return a
}

func (s *syslogClient) Close() error {
	if s.writer == nil {
		return nil
	}
	return s.writer.Close()
}

func byLogger(SpecContext) audit.Subject {
	if _, err := exec.LookPath("logger"); err != nil {
		present(daemon.Missing{Program: "logger", Package: "bsdutils"})
	}
	command := agent.Command{
		Args: []string{"logger", "--tcp", "--server", "{host}", "--port", "{port}", "{id}"}, Output: agent.Ignored,
	}
	return audit.Subject{
		Protocol: protocols.Messages(), Origin: started(origins.StartMessages()), Open: command.Open,
	}
}

// A server of syslog that is restarted closes its connections. The message
// that log/syslog sends next is lost without an error; the one behind it finds
// the RST, and arrives over a new connection.
var _ = It("loses the first message after a restart of the server, by log/syslog", func(ctx SpecContext) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(listener.Close)
	writer, err := syslog.Dial("tcp", listener.Addr().String(), syslog.LOG_INFO, "shop")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { writer.Close() })
	before, err := listener.Accept()
	Expect(err).NotTo(HaveOccurred())
	Expect(writer.Info("order 1")).To(Succeed())
	Expect(bufio.NewReader(before).ReadString('\n')).To(HaveSuffix("order 1\n"))
	Expect(before.Close()).To(Succeed()) // everything was read: a FIN
	var after net.Conn
	accepted := make(chan net.Conn, 1)
	go func() {
		if conn, err := listener.Accept(); err == nil {
			accepted <- conn
		}
	}()
	number := 1
	Eventually(ctx, func() <-chan net.Conn {
		number++
		Expect(writer.Info(fmt.Sprint("order ", number))).To(Succeed())
		return accepted
	}).Should(Receive(&after))
	DeferCleanup(after.Close)

	Expect(bufio.NewReader(after).ReadString('\n')).To(And(ContainSubstring("order "), Not(ContainSubstring("order 2\n"))))
}, SpecTimeout(budget))
