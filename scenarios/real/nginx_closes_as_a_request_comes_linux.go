package real

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// nginx closes a connection that has waited for a further request for
// keepalive_timeout. A request that comes in the moment between is unread at that
// close, which makes it a RST, and nobody has looked at it. To have that moment
// last, nginx does not run while the request comes and its time passes: resumed,
// its wait for events is over with EINTR before it has seen any, and it looks at
// its timers (ngx_event.c, ngx_process_events_and_timers).
var _ = Situation(catalogue.Situation{
	Name:   "nginx-closes-as-a-request-comes",
	Title:  "nginx that closes an idle connection as a request comes",
	Cause:  "idle-timeout",
	Labels: []string{"real:nginx"},
	Drawing: `
client                 nginx
  GET      ───────────▶
           ◀───────────  200
                         keepalive_timeout
  GET      ───────────▶  close, unread
           ◀═══════════  RST
  read: ECONNRESET, though nobody has looked at the request
`,
	Client: "read: ECONNRESET; curl asks once more on a new connection, and says nothing of it",
	Server: "logs nothing of it",
	Twin:   "keepalive_timeout is not over: the request is served",
}, func() {
	const request, answer = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nhello"
	const timeout = "keepalive_timeout 1s;"

	// asked asks nginx and pauses it, while it waits for a further request. Where it
	// has closed before it was paused, since this machine is busy, it asks again.
	asked := func(ctx SpecContext, l *lab.Lab, server *lab.Program) *lab.Conn {
		GinkgoHelper()
		for {
			c, _ := talk(ctx, l, server.Addr(), request, answer)
			awaitSleep(ctx, server)
			Expect(server.Pause(ctx)).To(Succeed())
			if statesFrom(c) == established {
				return c
			}
			Expect(server.Resume()).To(Succeed())
			Expect(c.Close()).To(Succeed())
		}
	}

	It("resets a client whose request comes as its time is over", About(claims.IdleTimeout, claims.UnreadClose), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, timeout, "return 200 hello;")

		c := asked(ctx, l, server)
		_, err := io.WriteString(c, request)
		Expect(err).NotTo(HaveOccurred())
		outlast(ctx, l, timeout)
		Expect(server.Resume()).To(Succeed())
		Expect(c.AwaitReset(ctx)).To(Succeed())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		MeasuredEach(c.Outcome())
		Expect(server.Text()).NotTo(ContainSubstring("client"), "nothing of it is in the log")
		Expect(Recorded(l, c)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("serves it where its time is not over", func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "keepalive_timeout 1h;", "return 200 hello;")

		c := asked(ctx, l, server)
		_, err := io.WriteString(c, request)
		Expect(err).NotTo(HaveOccurred())
		outlast(ctx, l, timeout)
		Expect(server.Resume()).To(Succeed())

		Expect(readUntil(c, answer)).To(HavePrefix("HTTP/1.1 200 OK\r\n"))
		Expect(Recorded(l, c)).To(ShowNoReset())
	}, Limit)

	// fetching has curl ask nginx, somebody else, and nginx again on the connection that
	// it has. It returns when that request lies unread, since nginx does not run.
	fetching := func(ctx SpecContext, l *lab.Lab, server *lab.Program, args ...string) *lab.Program {
		GinkgoHelper()
		other, err := l.Host("other").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(other.Close)
		for {
			client := start(ctx, l.Host("client"), verbose(append(args,
				"http://"+server.Addr()+"/first", "http://"+other.Addr()+"/", "http://"+server.Addr()+"/second")...))
			c, err := other.Accept(ctx)
			Expect(err).NotTo(HaveOccurred())
			readUntil(c, "the end")
			awaitSleep(ctx, server)
			Expect(server.Pause(ctx)).To(Succeed())
			open := statesTo(server.Addr())
			_, err = io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Close()).To(Succeed())
			if slices.Equal(open, []string{established}) {
				awaitUnread(ctx, server.Addr())
				return client
			}
			// It has closed before it was paused: this machine is busy.
			Expect(server.Resume()).To(Succeed())
			_, err = client.Exit(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(os.Truncate(requestsTo(server), 0)).To(Succeed())
		}
	}

	DescribeTable("is asked once more by curl, which says nothing of that", Label("real:curl"), About(claims.GoHandle),
		func(ctx SpecContext, method string) {
			l := StartLab()
			server := startNGINX(ctx, l, timeout, "access_log requests;", "return 200 hello;")

			client := fetching(ctx, l, server, "--request", method, "--data", "the end")
			outlast(ctx, l, timeout)
			Expect(server.Resume()).To(Succeed())
			status, err := client.Exit(ctx)
			Expect(err).NotTo(HaveOccurred())

			Expect(status).To(BeZero(), client.Text())
			Expect(client.Text()).To(ContainSubstring("\n* Connection died, retrying a fresh connect (retry count: 1)\n"))
			Expect(client.Text()).NotTo(ContainSubstring("curl: ("))
			log, err := os.ReadFile(requestsTo(server))
			Expect(err).NotTo(HaveOccurred())
			Measured(claims.GoHandle, fmt.Sprintf("executions: %d", strings.Count(string(log), `"`+method+" /second ")),
				"nobody had read the request")
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("(GET)", "GET", Limit),
		Entry("(POST)", "POST", Limit),
	)
})

// verbose is curl that says what it does.
func verbose(args ...string) program.Recipe {
	recipe := tools["curl"].recipe
	recipe.Command = func(program.Place) (program.Command, error) {
		return program.Command{Args: append([]string{"--silent", "--show-error", "--verbose", "--noproxy", "*"}, args...)}, nil
	}
	return recipe
}

// requestsTo is the file in which nginx logs what it has served.
func requestsTo(server *lab.Program) string { return filepath.Join(server.Dir(), "requests") }

// awaitUnread waits until a server on this machine has bytes to read.
func awaitUnread(ctx SpecContext, address string) {
	GinkgoHelper()
	local := inProc(netip.MustParseAddrPort(address))
	Eventually(ctx, func() bool {
		return slices.ContainsFunc(sockets(), func(s socket) bool {
			return s.local == local && s.state == established && !strings.HasSuffix(s.queues, ":00000000")
		})
	}).WithPolling(time.Millisecond).Should(BeTrue())
}

// outlast returns when a time-out for idle connections is over that another nginx
// had begun before: one that has the same, and is asked now, has closed then.
func outlast(ctx SpecContext, l *lab.Lab, timeout string) {
	GinkgoHelper()
	witness := start(ctx, l.Host("witness"), nginx(timeout, "return 200 hello;"))
	c, _ := talk(ctx, l, witness.Addr(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nhello")
	Expect(c.AwaitFinish(ctx)).To(Succeed())
	Expect(c.Close()).To(Succeed())
}
