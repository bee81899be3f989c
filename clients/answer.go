package clients

import (
	"fmt"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// Answer waits until an echo server has sent question, and exchanges answer
// with it. An error says how the connection failed, or what came instead.
func Answer(c *lab.Conn, question, answer string) error {
	asked := make([]byte, len(question))
	if n, err := io.ReadFull(c, asked); err != nil {
		return fmt.Errorf("await %q, of which %d bytes came: %w", question, n, err)
	}
	if string(asked) != question {
		return fmt.Errorf("await %q: %q came", question, asked)
	}
	return Exchange(c, answer)
}
