package real

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A servlet learns that its user has left only by a write that goes to the
// socket. Tomcat keeps 8 KiB before it writes (OutputBuffer.defaultBufferSize), and
// what it writes when the servlet has returned may fail unseen. A write that meets
// a RST throws ClientAbortException "Connection reset by peer". After a FIN the
// first write succeeds and draws the RST, and a later one throws "Broken pipe".
// Tomcat logs the exception at the level FINE alone (StandardWrapperValve.invoke):
// what people find in their logs was written by the servlet, or its framework.
var _ = Situation(catalogue.Situation{
	Name:   "tomcat-client-leaves",
	Title:  "Tomcat whose client leaves before the response ends",
	Cause:  "left-early",
	Labels: []string{"real:tomcat", "real:java"},
	Drawing: `
client                 Tomcat
  GET    ───────────▶
         ◀───────────  200, as much as there is room for
  close, unread
  RST    ═══════════▶
                         ClientAbortException:
                         Connection reset by peer
`,
	Client: "close: 0",
	Server: `throws ClientAbortException: "Connection reset by peer" or "Broken pipe", and logs it at the level FINE alone`,
	Twin:   "the client reads everything, or what is left fits into Tomcat's buffer: nothing is thrown",
}, func() {
	const (
		aborted = "org.apache.catalina.connector.ClientAbortException: java.io.IOException: "
		buffer  = 8 << 10  // Tomcat's
		large   = 32 << 20 // more than both kernels hold
	)
	request := func(page string) string { return "GET /" + page + " HTTP/1.1\r\nHost: x\r\n\r\n" }
	// goOn ends a wait of the servlet's.
	goOn := func(ctx SpecContext, l *lab.Lab, server *lab.Program) {
		GinkgoHelper()
		c, _ := talk(ctx, l, server.Addr(), request("go"), "gone\n")
		Expect(c.Close()).To(Succeed())
	}
	// leaveWaiting asks for a page of which nothing comes before the servlet goes on,
	// and leaves as leave does, which the server's kernel knows then.
	leaveWaiting := func(ctx SpecContext, l *lab.Lab, server *lab.Program, page string, leave func(*lab.Conn) error, states ...string) {
		GinkgoHelper()
		c, err := l.Host("client").Dial(ctx, server.Addr())
		Expect(err).NotTo(HaveOccurred())
		at := c.LocalAddr().String()
		_, err = c.Write([]byte(request(page)))
		Expect(err).NotTo(HaveOccurred())
		name := regexp.MustCompile(`^[^?]+`).FindString(page)
		awaitLine(ctx, server, "/"+name+" waits")
		Expect(leave(c)).To(Succeed())
		awaitStates(ctx, at, states...)
	}

	It("is told of a reset by a write, and again by each later one", About(claims.BrowserLeaves), func(ctx SpecContext) {
		l := StartLab()
		server := tomcat(ctx, l, "info")
		for _, page := range []string{"throws", "page"} {
			c, _ := talk(ctx, l, server.Addr(), request(fmt.Sprintf("%s?%d,100,flush", page, large)), "HTTP/1.1 200 ")
			Expect(c.CloseUnread(ctx)).To(Succeed())
			words := says(ctx, server, fmt.Sprintf("/%s %d: ", page, large))
			Expect(words).To(Equal(aborted + "Connection reset by peer"))
			Measured(claims.BrowserLeaves, "write: "+string(saying(words)))
		}
		Expect(says(ctx, server, "/page 100: ")).To(Equal("ok"))
		// By chance: the poller had the error before, or it is written to the socket again.
		Expect(says(ctx, server, "/page flush: ")).To(SatisfyAny(HaveSuffix(": Connection reset by peer"), HaveSuffix(": Broken pipe")))

		goOn(ctx, l, server)
		Expect(server.Text()).NotTo(ContainSubstring("\tat "), "Tomcat logs no exception at the level INFO")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "client"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("logs what the servlet lets out at the level FINE", func(ctx SpecContext) {
		l := StartLab()
		server := tomcat(ctx, l, "fine")
		c, _ := talk(ctx, l, server.Addr(), request(fmt.Sprintf("throws?%d", large)), "HTTP/1.1 200 ")

		Expect(c.CloseUnread(ctx)).To(Succeed())

		awaitLine(ctx, server, "FINE: Servlet.service() for servlet [page] in context with path [] threw exception")
		awaitLine(ctx, server, aborted+"Connection reset by peer")
		awaitLine(ctx, server, "Caused by: java.io.IOException: Connection reset by peer")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "client"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("is told of a client that had reset before by what goes beyond its buffer", About(claims.BrowserLeaves), func(ctx SpecContext) {
		l := StartLab()
		server := tomcat(ctx, l, "info")
		for page, want := range map[string]string{
			fmt.Sprintf("fits?wait,%d", buffer):     "ok",
			fmt.Sprintf("larger?wait,%d", buffer+1): aborted + "Connection reset by peer",
		} {
			leaveWaiting(ctx, l, server, page, (*lab.Conn).Abort)
			goOn(ctx, l, server)
			words := says(ctx, server, regexp.MustCompile(`^(\w+)\?wait,(\d+)$`).ReplaceAllString(page, "/$1 $2: "))
			Expect(words).To(Equal(want), page)
			measureLeft(words, "what was left fits into Tomcat's buffer")
		}
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)

	It("is told of a client that had finished before by the write after the next one", About(claims.BrowserLeaves), func(ctx SpecContext) {
		l := StartLab()
		server := tomcat(ctx, l, "info")
		c, err := l.Host("client").Dial(ctx, server.Addr())
		Expect(err).NotTo(HaveOccurred())
		at := c.LocalAddr().String()
		_, err = c.Write([]byte(request("page?wait,100,flush,wait,100,flush")))
		Expect(err).NotTo(HaveOccurred())
		awaitLine(ctx, server, "/page waits")
		Expect(c.Close()).To(Succeed())
		awaitStates(ctx, at, closeWait)

		goOn(ctx, l, server)
		Expect(says(ctx, server, "/page flush: ")).To(Equal("ok"))
		awaitStates(ctx, at)
		goOn(ctx, l, server)

		broken := aborted + "Broken pipe"
		awaitLine(ctx, server, "/page flush: "+broken)
		Expect(causes.Search(broken)).NotTo(BeEmpty())
		measureLeft("ok", "the servlet had one write left")
		Measured(claims.BrowserLeaves, "write: "+string(saying(broken)), "the browser had read all that was there")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "client"), WithFlags("RST")))
	}, Limit)

	It("is told nothing where the client reads everything", func(ctx SpecContext) {
		l := StartLab()
		server := tomcat(ctx, l, "fine")

		status, text := fetched(ctx, l, fmt.Sprintf("http://%s/page?%d,100,flush", server.Addr(), large))

		Expect(status).To(BeZero(), text)
		Expect(text).To(Equal(fmt.Sprintf("200 %d", large+100)))
		awaitLine(ctx, server, "/page returns")
		Expect(server.Text()).NotTo(ContainSubstring("Exception"))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Label("real:curl"), Limit)
})

// says waits until a server says what came of a step, and returns it. What tells
// of an error is known to explain.
func says(ctx SpecContext, server *lab.Program, step string) (words string) {
	GinkgoHelper()
	words = awaitLine(ctx, server, step)[len(step):]
	if words != "ok" {
		Expect(causes.Search(words)).NotTo(BeEmpty(), "nothing is known of %q", words)
	}
	return words
}

// measureLeft measures what a servlet's write said of a client that had left; the
// condition is that under which it says nothing.
func measureLeft(words, silentIf string) {
	GinkgoHelper()
	if words == "ok" {
		Measured(claims.BrowserLeaves, "write: 0", silentIf)
		return
	}
	Expect(saying(words)).To(Equal(harness.Reset))
	Measured(claims.BrowserLeaves, "write: "+string(saying(words)))
}

//go:embed testdata/TomcatServer.java
var tomcatSource string

// tomcatClasses are those of the source, by the names of their files.
var tomcatClasses map[string][]byte

// tomcat starts Tomcat at the host "server", whose log tells from that level on.
func tomcat(ctx SpecContext, l *lab.Lab, level string) *lab.Program {
	GinkgoHelper()
	const class = "TomcatServer"
	s, err := program.Supervise(ctx, program.Options{}) // for its directory
	Available(err)
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
	if tomcatClasses == nil {
		Available(recipes.Javac(ctx, class+".java", tomcatSource, s.Dir(), recipes.TomcatLibrary))
		files, err := filepath.Glob(filepath.Join(s.Dir(), "*.class"))
		Expect(err).NotTo(HaveOccurred())
		tomcatClasses = map[string][]byte{}
		for _, file := range files {
			tomcatClasses[filepath.Base(file)], err = os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
		}
	}
	for name, text := range tomcatClasses {
		Expect(os.WriteFile(filepath.Join(s.Dir(), name), text, 0o600)).To(Succeed())
	}
	return start(ctx, l.Host("server"), recipes.Tomcat(s.Dir(), class, func(at program.Place) []string {
		return []string{at.Address.Addr().String(), fmt.Sprint(at.Address.Port()), level}
	}))
}
