package real

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// What becomes of an exception of the server's.
const (
	handled   = "handled"   // it closes the channel, and goes on
	unhandled = "unhandled" // it leaves main
)

//go:embed testdata/SelectorServer.java
var selectorSource string

// selectorClass is the source compiled, which takes seconds, so that it is done
// once. It is kept here since a file would be left behind by who is killed.
var selectorClass []byte

// selectorServer starts the echo server in Java, of one thread and one selector,
// at the host "server".
func selectorServer(ctx SpecContext, l *lab.Lab, exceptions string) *lab.Program {
	GinkgoHelper()
	const class = "SelectorServer"
	s, err := program.Supervise(ctx, program.Options{}) // for its directory
	Available(err)
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
	file := filepath.Join(s.Dir(), class+".class")
	if selectorClass == nil {
		Available(recipes.Javac(ctx, class+".java", selectorSource, s.Dir()))
		selectorClass, err = os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(os.WriteFile(file, selectorClass, 0o600)).To(Succeed())
	return trace(ctx, l.Host("server"), recipes.Java(s.Dir(), class, func(at program.Place) []string {
		return []string{at.Address.Addr().String(), fmt.Sprint(at.Address.Port()), exceptions}
	}))
}

// connect returns a connection to an address on which something has been said,
// and answered.
func connect(ctx SpecContext, h *lab.Host, address string) *lab.Conn {
	GinkgoHelper()
	c, err := h.Dial(ctx, address)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	Expect(clients.Exchange(c, "a")).To(Succeed())
	return c
}

// reached says what a first connection did to the selector server, which then
// serves a client, so that all is told that came before.
func reached(ctx SpecContext, l *lab.Lab, server *lab.Program) string {
	GinkgoHelper()
	client := clients.ExchangeThenClose(connect(ctx, l.Host("client"), server.Addr()), "a")
	Expect(client).To(EndIn("close", harness.Closed))
	oneByte := regexp.MustCompile(`^read \d+ 1$`) // the client's, and nobody else's
	_, err := server.AwaitLine(ctx, func(l program.Line) bool { return oneByte.MatchString(l.Text) })
	Expect(err).NotTo(HaveOccurred())
	text := server.Text()
	if !strings.Contains(text, "accept 2\n") {
		return "never accepted"
	}
	for line := range strings.Lines(text) {
		switch outcome, of := strings.CutPrefix(strings.TrimSpace(line), "read 1 "); {
		case of && outcome == "-1":
			return "accepted, then read: finished"
		case of && isReset(outcome):
			return "accepted, then read: reset"
		}
	}
	return "accepted, and nothing more"
}

// isReset says whether an exception is one of those by which a read tells of a
// reset: since JDK 13, or before.
func isReset(exception string) bool {
	return exception == "java.net.SocketException: Connection reset" ||
		exception == "java.io.IOException: Connection reset by peer"
}
