package servers

import (
	"context"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/lab"
)

// CloseAtQuit answers each line of a client, as a mail server does, and closes
// behind its answer to QUIT. It reads byte for byte, so that what the client
// sent behind QUIT stays unread.
func CloseAtQuit(ctx context.Context, c *lab.Conn) { answerUntilQuit(c, c) }

// answerUntilQuit reads commands from r, which reads from c.
func answerUntilQuit(c *lab.Conn, r io.Reader) {
	for {
		line, err := readLine(r)
		if err != nil {
			return
		}
		if strings.TrimSpace(line) == "QUIT" {
			io.WriteString(c, "221 closing\r\n") // how it ends is in the outcome
			return
		}
		if _, err := io.WriteString(c, "250 ok\r\n"); err != nil {
			return
		}
	}
}
