package real

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// nginx has two limits. Of its own, worker_connections, it makes room by closing
// those that have waited longest for a further request, with FIN
// (ngx_connection.c, ngx_drain_connections). At the system's, of descriptors, its
// accept fails: the kernel has completed the handshake of a client that is not
// served until somebody leaves, and those that are idle stay.
var _ = Situation(catalogue.Situation{
	Name:   "nginx-at-its-limits",
	Title:  "nginx with too many connections",
	Cause:  "descriptor-limit",
	Labels: []string{"real:nginx"},
	Drawing: `
client                 nginx, no descriptor left
  SYN      ───────────▶
           ◀───────────  SYN-ACK      the kernel
  GET      ───────────▶  accept: EMFILE
  no answer
                         somebody leaves
           ◀───────────  200
`,
	Client: "is served when somebody has left",
	Server: `logs "accept4() failed (24: Too many open files)", or "worker_connections are not enough, reusing connections"`,
	Twin:   "at worker_connections: the new one is served, the idlest gets FIN",
}, func() {
	const request, answer = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nhello"

	It("finishes the idlest at worker_connections", About(claims.FDLimit), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "return 200 hello;")

		idlest, _ := talk(ctx, l, server.Addr(), request, answer)
		open := []*lab.Conn{idlest}
		const most = 32 // worker_connections of the recipe; nginx uses some itself
		for state := established; state == established && len(open) < most; state = statesFrom(idlest) {
			c, _ := talk(ctx, l, server.Addr(), request, answer)
			open = append(open, c)
		}
		clients.ReadAll(idlest)

		Expect(idlest.Outcome()).To(EndIn("read", harness.Finished))
		logs(ctx, server, "worker_connections are not enough, reusing connections", 1)
		Measured(claims.FDLimit, newAndIdle(open[len(open)-1].Outcome().Received > 0, idlest.Outcome().Ending == harness.Finished), "the server makes room by itself")
		Expect(Recorded(l, open...)).To(ShowNoReset())
	}, Limit)

	It("serves nobody new at the limit of descriptors, until somebody leaves", About(claims.FDLimit), func(ctx SpecContext) {
		l := StartLab()
		const most = 24
		server := trace(ctx, l.Host("server"), withDescriptors(most, nginx("return 200 hello;")))
		idle, _ := talk(ctx, l, server.Addr(), request, answer)
		var others []*lab.Conn
		for range most {
			c, err := l.Host("client").Dial(ctx, server.Addr())
			Expect(err).NotTo(HaveOccurred())
			_, err = c.Write([]byte(request))
			Expect(err).NotTo(HaveOccurred())
			others = append(others, c)
		}
		late := others[most-1]

		logs(ctx, server, "failed (24: Too many open files)", 1)
		Measured(claims.FDLimit, newAndIdle(!strings.HasSuffix(queuesOf(late), ":00000000"), statesFrom(idle) != established),
			"the server does nothing about it")
		Expect(idle.Close()).To(Succeed())
		for _, c := range others[:most-1] { // those that are not served wait for those before
			readUntil(c, answer)
			Expect(c.Close()).To(Succeed())
		}
		Expect(readUntil(late, answer)).To(HavePrefix("HTTP/1.1 200 OK"))
		Expect(Recorded(l, late)).To(ShowNoReset())
	}, Limit)
})

// withDescriptors has a program start with a limit of descriptors (getrlimit(2),
// RLIMIT_NOFILE).
func withDescriptors(most int, recipe program.Recipe) program.Recipe {
	GinkgoHelper()
	path, err := recipe.Find()
	Available(err)
	command := recipe.Command
	recipe.Path = "sh"
	recipe.Command = func(at program.Place) (program.Command, error) {
		c, err := command(at)
		c.Args = append([]string{"-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, most), path}, c.Args...)
		return c, err
	}
	return recipe
}

// queuesOf are those of queues, at this end of a connection.
func queuesOf(c *lab.Conn) string {
	GinkgoHelper()
	return queues(addrPort(c.LocalAddr()), addrPort(c.RemoteAddr()))
}

// statesFrom returns the state of a connection on this machine, as
// proc_net_tcp(5) has it.
func statesFrom(c *lab.Conn) string {
	GinkgoHelper()
	for _, s := range sockets() {
		if s.local == inProc(addrPort(c.LocalAddr())) && s.remote == inProc(addrPort(c.RemoteAddr())) {
			return s.state
		}
	}
	return ""
}

// newAndIdle says what became of a new and of an idle connection.
func newAndIdle(served, dropped bool) string {
	said, done := "hang", "stay"
	if served {
		said = "are served"
	}
	if dropped {
		done = "are dropped"
	}
	return fmt.Sprintf("new ones %s, idle ones %s", said, done)
}
