package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// Banner is the line by which the servers that resemble sshd identify
// themselves (RFC 4253, section 4.2).
const Banner = "SSH-2.0-ResetLab\r\n"

// Identify reads the client's identification, answers with its own and closes.
func Identify(ctx context.Context, c *lab.Conn) {
	if _, err := readLine(c); err != nil {
		return
	}
	c.Write([]byte(Banner)) // its error is in the outcome
}
