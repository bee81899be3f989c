package real

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// MariaDB aborts the connection of who has been silent for wait_timeout: it sets
// SO_LINGER to 0 and closes, so that RST goes out and nothing is kept for FIN-WAIT.
// A client that it is told to kill it finishes. Its own client has other numbers
// for the two: 2006 where the next statement could not be sent or its answer read,
// 2013 where the answer to one under way ended.
var _ = Situation(catalogue.Situation{
	Name:   "mariadb-ends-a-session",
	Title:  "MariaDB that ends a session",
	Cause:  "linger-zero",
	Labels: []string{"real:mariadbd"},
	Drawing: `
mariadb                mariadbd
  select 1 ───────────▶
           ◀───────────  1
                         wait_timeout
           ◀═══════════  RST
  select 2: ERROR 2006
`,
	Client: `"ERROR 2006 (HY000) … Server has gone away", or "ERROR 2013 (HY000) … Lost connection to server during query"`,
	Server: `logs "Aborted connection … (Got timeout reading communication packets)"`,
	Twin:   "KILL: FIN",
}, func() {
	// session starts a client that has been told its number.
	session := func(ctx SpecContext, l *lab.Lab, server *lab.Program) (client *lab.Program, type_ func(string), number string) {
		GinkgoHelper()
		client, input := typing(ctx, l, recipes.MariaDBClient(server.Addr()))
		type_ = func(line string) { typed(input, line) }
		type_("select connection_id();")
		line, err := client.AwaitLine(ctx, func(program.Line) bool { return true })
		Expect(err).NotTo(HaveOccurred())
		return client, type_, line.Text
	}

	It("aborts a client that says nothing", About(claims.IdleTimeout, claims.PeerRestartTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.MariaDB("--wait-timeout=1"))
		client, type_, number := session(ctx, l, server)

		logs(ctx, server, "Aborted connection "+number+" to db", 1)
		Eventually(ctx, statesTo).WithArguments(server.Addr()).WithPolling(time.Millisecond).Should(BeEmpty())
		type_("select 2;")

		status, err := client.Exit(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(status).To(Equal(1), client.Text())
		Expect(client.Text()).To(ContainSubstring("ERROR 2006 (HY000) at line 2: Server has gone away\n"))
		Expect(server.Text()).To(ContainSubstring("(Got timeout reading communication packets)"))
		recording := Recorded(l)
		Expect(recording).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
		MeasuredEach(toldBy(recording, "server"))
	}, Limit)

	It("finishes a client that KILL names", func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.MariaDB())
		client, type_, number := session(ctx, l, server)
		_, other, _ := session(ctx, l, server)

		type_("select sleep(1000);")
		Eventually(ctx, func() string {
			_, text := said(ctx, l.Host("client"), "mariadb", mariadbArguments(server, "select info from information_schema.processlist")...)
			return text
		}).Should(ContainSubstring("select sleep(1000)"))
		other("kill " + number + ";")

		status, err := client.Exit(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(status).To(Equal(1), client.Text())
		Expect(client.Text()).To(ContainSubstring("ERROR 2013 (HY000) at line 2: Lost connection to server during query\n"))
		Expect(Recorded(l)).NotTo(ShowReset(SentBy(evidence.Application, "server")))
	}, Limit)
})

// mariadbArguments are those with which the client executes a statement.
func mariadbArguments(server *lab.Program, statement string) []string {
	GinkgoHelper()
	host, port, _ := strings.Cut(server.Addr(), ":")
	return []string{"--no-defaults", "-h", host, "-P", port, "-e", statement}
}
