package audits

import (
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness"
)

// Both drivers of PostgreSQL can do the work twice and say success. Each tells
// database/sql driver.ErrBadConn, which means that nothing was sent, so that it
// repeats: "ErrBadConn should not be returned if there's a possibility that the
// server might have performed the operation" (database/sql/driver).
//
//	client                 server
//	  INSERT ────────────▶
//	                         executed
//	         ◀──────────── FIN or RST, and no reply
//	  INSERT ────────────▶   on a new connection
//	                         executed
//	         ◀────────────   INSERT 0 1
//
// lib/pq turns every io.EOF into it, whatever was sent (conn.handleError).
//
// pgx v5.12.0 does so for a query without arguments: MultiResultReader.NextResult
// drops the error of peekMessage, which has closed the connection, and the next
// receiveMessage says "conn closed", an error whose SafeToRetry is true. v5.8.0
// does not peek yet.
var _ = Describe("An INSERT whose reply is withheld", func() {
	const insert = "INSERT INTO executed (id) VALUES ('order-7')"

	DescribeTable("by database/sql",
		func(ctx SpecContext, driver string, with harness.Action, executed int, succeeds bool) {
			server := started(daemon.StartPostgres(ctx))
			proxy := started(harness.StartProxy(server.Addr()))
			db := started(sql.Open(driver, server.URL(proxy.Addr())))
			Expect(db.PingContext(ctx)).To(Succeed())
			Expect(db.PingContext(ctx)).To(Succeed()) // pgx looks at a connection that is used again for the first time
			cut, err := proxy.Cut(harness.Cut{Toward: harness.Client, With: with, Times: 1})
			Expect(err).NotTo(HaveOccurred())

			_, err = db.ExecContext(ctx, insert)

			Expect(cut.Struck()).To(BeTrue())
			Expect(err == nil).To(Equal(succeeds), "%v", err)
			Expect(server.Executed(ctx, "order-7")).To(Equal(executed))
		},
		Entry("is executed twice, and success: lib/pq, FIN", "postgres", harness.SendFIN, 2, true),
		Entry("is executed once, and an error: lib/pq, RST", "postgres", harness.SendReset, 1, false),
		Entry("is executed twice, and success: pgx, FIN", "pgx", harness.SendFIN, 2, true),
		Entry("is executed twice, and success: pgx, RST", "pgx", harness.SendReset, 2, true),
	)

	It("is safe to repeat, says pgx, and was executed", func(ctx SpecContext) {
		server := started(daemon.StartPostgres(ctx))
		proxy := started(harness.StartProxy(server.Addr()))
		conn, err := pgx.Connect(ctx, server.URL(proxy.Addr()))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(conn.Close)
		_, err = proxy.Cut(harness.Cut{Toward: harness.Client, With: harness.SendReset, Times: 1})
		Expect(err).NotTo(HaveOccurred())

		_, err = conn.Exec(ctx, insert)

		Expect(err).To(MatchError("conn closed"))
		Expect(pgconn.SafeToRetry(err)).To(BeTrue())
		Expect(server.Executed(ctx, "order-7")).To(Equal(1))
	})
})
