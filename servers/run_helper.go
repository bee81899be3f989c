package servers

import (
	"bytes"
	"context"
	"io"
	"os/exec"

	"github.com/resetlab/resetlab/harness/lab"
)

// RunHelper makes a handler for sessions whose requests a helper program
// answers, as sshd leaves a file transfer to the program that Subsystem sftp
// names (sshd_config(5)). The first line opens the session and is answered at
// once. The next is what the helper reads; what it writes is the answer. A
// helper that cannot be started ends the session.
func RunHelper(path string) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		if _, err := readLine(c); err != nil {
			return
		}
		if _, err := io.WriteString(c, Banner); err != nil {
			return
		}
		request, err := readLine(c)
		if err != nil {
			return
		}
		helper := exec.CommandContext(ctx, path)
		helper.Stdin = bytes.NewBufferString(request + "\n")
		answer, err := helper.Output()
		if err != nil {
			return
		}
		c.Write(answer) // its error is in the outcome
	}
}
