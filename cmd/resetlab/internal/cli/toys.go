package cli

import (
	"crypto/tls"
	"log"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/servers"
)

// A toy is a server of package servers that can be run alone.
type toy struct {
	name  string
	does  string
	start func(*lab.Host, *log.Logger) (lab.Server, error) // the logger is for what the server itself logs
}

// toys lists what serve can run, with arguments that suit a person who tries
// it by hand.
func toys() []toy {
	limit := servers.MaxStartups{Begin: 2, Rate: 30, Full: 5}
	everybody := servers.AccessLists{
		Deny: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
	}
	all := []toy{
		handler("abort-at-once", "aborts at once: RST, perhaps before connect returns", servers.AbortAtOnce),
		handler("answer-after-finish", "reads until the FIN, answers \"done\" and closes",
			servers.AnswerAfterFinish("done\n")),
		handler("answer-one-byte", "sends the first byte back and reads no further", servers.AnswerOneByte),
		handler("answer-then-abort", "answers the first bytes with \"12345\" and aborts: RST behind the answer",
			servers.AnswerThenAbort("12345")),
		handler("answer-then-linger", "answers the first bytes with \"hello\", sends FIN and reads to the end",
			servers.AnswerThenLinger("hello\n")),
		handler("close-at-once", "closes at once: FIN", servers.CloseAtOnce),
		handler("close-at-quit", "answers each line with 250 and closes at QUIT", servers.CloseAtQuit),
		handler("close-unread", "closes as soon as there is a byte, unread: RST", servers.CloseUnread),
		handler("echo", "sends back what it reads", servers.Echo),
		logging("echo-and-log-resets", "sends back what it reads and logs every reset", servers.EchoAndLogResets),
		logging("echo-and-tolerate-probes", "the same, but a reset before the first byte is a health check and not logged",
			servers.EchoAndTolerateProbes),
		handler("echo-until-idle", "sends back what it reads, and aborts after 10 s without any: RST",
			servers.EchoUntilIdle(10*time.Second, servers.AbortAtOnce)),
		handler("finish-then-abort", "sends FIN at once, and RST when a byte has come", servers.FinishThenAbort),
		handler("identify", "reads a line, answers as sshd would and closes", servers.Identify),
		handler("limit-startups", "drops connections as sshd with MaxStartups 2:30:5: FIN",
			servers.LimitStartups(limit, rand.Uint64(), servers.CloseAtOnce)),
		handler("linger", "sends FIN at once and reads to the end", servers.Linger),
		{"orders", "HTTP; each request is an order: executes it, unless its Idempotency-Key was there before",
			func(h *lab.Host, _ *log.Logger) (lab.Server, error) { return servers.StartOrders(h) }},
		handler("read-line-then-close", "reads a line and closes: RST if more is unread, FIN otherwise",
			servers.ReadLineThenClose),
		handler("read-one-byte-then-abort", "reads one byte and aborts: RST", servers.ReadOneByteThenAbort),
		handler("read-one-byte-then-close", "reads one byte and closes: RST if more is unread, FIN otherwise",
			servers.ReadOneByteThenClose),
		handler("read-then-close", "reads 1024 bytes and closes: RST if more is unread, FIN otherwise",
			servers.ReadThenClose(1024)),
		handler("refuse-upload", "replies 413 to the head of an HTTP upload and closes on the rest: RST",
			servers.RefuseUpload(servers.CloseUnread)),
		handler("run-helper", "answers a first line; at the second its helper program is missing, and it closes",
			servers.RunHelper("/nonexistent/helper")),
		handler("stream", "answers the first bytes with a stream that has no end", servers.Stream),
		{"tls", "TLS with a certificate that nobody vouches for; sends back what it reads", startTLS},
		handler("wrap-tcp", "denies every client, as TCP wrappers with ALL in hosts.deny, and closes on what it sent: RST",
			servers.WrapTCP(everybody, servers.Identify, servers.CloseUnread)),
	}
	return append(all, systemToys()...)
}

func handler(name, does string, handle lab.Handler) toy {
	return toy{name, does, func(h *lab.Host, _ *log.Logger) (lab.Server, error) { return lab.Serve(h, handle) }}
}

func logging(name, does string, handler func(*log.Logger) lab.Handler) toy {
	return toy{name, does, func(h *lab.Host, l *log.Logger) (lab.Server, error) { return lab.Serve(h, handler(l)) }}
}

func startTLS(h *lab.Host, logger *log.Logger) (lab.Server, error) {
	certificate, err := selfSigned(h.Stack().IP())
	if err != nil {
		return nil, err
	}
	report := func(err error) {
		if err != nil {
			logger.Printf("no session: %v", err)
		}
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	return lab.Serve(h, servers.TLS(config, report, nil))
}
