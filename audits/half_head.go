package audits

import (
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/audits/daemon"
)

// curl (7.88.1 of Debian 12) calls it success when the reply ends within its
// head, once the status line is there: exit status 0, no body, no word. So does
// Python's http.client, and with it urllib3 and requests. A head without its end
// is no reply (RFC 9112, section 8).
var _ = Describe("A reply that a FIN ends within its head", func() {
	DescribeTable("is to curl",
		func(ctx SpecContext, reply string, status int) {
			path, err := exec.LookPath("curl")
			if err != nil {
				present(daemon.Missing{Program: "curl", Package: "curl"})
			}
			command := exec.CommandContext(ctx, path, "-sS", "--fail", "--data", "order-7", startShort(reply))

			output, _ := command.CombinedOutput()

			Expect(command.ProcessState.ExitCode()).To(Equal(status), "%s", output)
			Expect(len(output) == 0).To(Equal(status == 0), "%s", output)
		},
		Entry("success, behind the status line", "HTTP/1.1 200 OK\r\nContent-Le", 0),
		Entry("success, behind a whole field", "HTTP/1.1 200 OK\r\nServer: none\r\n", 0),
		Entry("an error within the status line", "HTTP/1.1 2", 52),
		Entry("an error within the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 18),
	)

	It("is success to urllib3", func(ctx SpecContext) {
		const program = "import urllib3, sys\n" +
			"r = urllib3.PoolManager().request('POST', sys.argv[1], body='order-7'); print(r.status, len(r.data))"
		requireURLLib3(ctx)

		output, err := exec.CommandContext(ctx, debianPython, "-c", program,
			startShort("HTTP/1.1 200 OK\r\nContent-Le")).CombinedOutput()

		Expect(err).NotTo(HaveOccurred(), "%s", output)
		Expect(string(output)).To(Equal("200 0\n"))
	})
})
