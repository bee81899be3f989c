package real

import (
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// PostgreSQL says why it ends a session, and its process for that exits: FIN. psql
// does not look while nobody types. Its next statement is answered with RST, which
// it does not see either: it reads the message and the end of the stream, and
// guesses that the server has crashed.
var _ = Situation(catalogue.Situation{
	Name:   "postgresql-ends-a-session",
	Title:  "PostgreSQL that ends a session",
	Cause:  "idle-timeout",
	Labels: []string{"real:postgres", "real:psql"},
	Drawing: `
psql                   postgres
  select 1 ───────────▶
           ◀───────────  1
                         idle_session_timeout
           ◀───────────  FATAL: terminating connection …
           ◀───────────  FIN
  select 2 ───────────▶
           ◀═══════════  RST
  "server closed the connection unexpectedly"
`,
	Client: `the reason, "server closed the connection unexpectedly", and exit status 2`,
	Server: `logs "terminating connection due to idle-session timeout", "… due to administrator command"`,
	Twin:   "a statement is under way: FIN alone",
}, func() {
	serve := func(ctx SpecContext, l *lab.Lab, options ...string) *lab.Program {
		GinkgoHelper()
		made := start(ctx, l.Host("server"), recipes.InitDB())
		status, err := made.Exit(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(status).To(BeZero(), made.Text())
		server := trace(ctx, l.Host("server"), recipes.PostgreSQL(filepath.Join(made.Dir(), "data"), options...))
		logs(ctx, server, "database system is ready to accept connections", 1)
		return server
	}
	ends := func(ctx SpecContext, client *lab.Program, why string) {
		GinkgoHelper()
		endsWith(ctx, client, 2, Equal("FATAL:  "+why), Equal("server closed the connection unexpectedly"),
			Equal("\tThis probably means the server terminated abnormally"), Equal("\tbefore or while processing the request."),
			Equal("connection to server was lost"))
	}

	It("finishes a client that says nothing, and answers with RST what it says then", About(claims.IdleTimeout), func(ctx SpecContext) {
		const why = "terminating connection due to idle-session timeout"
		l := StartLab()
		server := serve(ctx, l, "idle_session_timeout=100ms")
		client, input := typing(ctx, l, recipes.PSQL(server.Addr()))

		logs(ctx, server, why, 1)
		Eventually(ctx, statesTo).WithArguments(server.Addr()).WithPolling(time.Millisecond).Should(ConsistOf(closeWait))
		typed(input, "select 2;")

		ends(ctx, client, why)
		recording := Recorded(l)
		Expect(recording).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
		Measured(claims.IdleTimeout, toldBy(recording, "server"))
	}, Limit)

	It("finishes a client that pg_terminate_backend names", func(ctx SpecContext) {
		const why = "terminating connection due to administrator command"
		l := StartLab()
		server := serve(ctx, l)
		client, input := typing(ctx, l, recipes.PSQL(server.Addr()))
		typed(input, "select pg_sleep(1000);")

		Eventually(ctx, func() string {
			admin := start(ctx, l.Host("admin"), recipes.PSQL(server.Addr(), "-c",
				"select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'"))
			_, err := admin.Exit(ctx)
			Expect(err).NotTo(HaveOccurred())
			return admin.Text()
		}).Should(Equal("t\n"))

		ends(ctx, client, why)
		logs(ctx, server, why, 1)
		Expect(Recorded(l)).NotTo(ShowReset(SentBy(evidence.Application, "server")))
	}, Limit)

	It("tells a client too many, and finishes it", About(claims.ServerBusy), func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l, "max_connections=1", "superuser_reserved_connections=0", "max_wal_senders=0")
		client, input := typing(ctx, l, recipes.PSQL(server.Addr()))
		typed(input, "select 'ready';")
		awaitLine(ctx, client, "ready")

		other := start(ctx, l.Host("client"), recipes.PSQL(server.Addr(), "-c", "select 1"))

		endsWith(ctx, other, 2, MatchRegexp(`^psql: error: connection to server at ".*", port \d+ failed: FATAL:  sorry, too many clients already$`))
		Expect(input.Close()).To(Succeed())
		endsWith(ctx, client, 0, Equal("ready"))
		recording := Recorded(l)
		Expect(recording).To(ShowNoReset())
		Measured(claims.ServerBusy, toldBy(recording, "server"))
	}, Limit)
})
