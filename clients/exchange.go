package clients

import (
	"fmt"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// Exchange sends text to an echo server over a connection that is open, and
// waits until it is back. An error says how the connection failed, or that
// something else came back.
func Exchange(c *lab.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	back := make([]byte, len(text))
	if n, err := io.ReadFull(c, back); err != nil {
		return fmt.Errorf("exchange %q, of which %d bytes came back: %w", text, n, err)
	}
	if string(back) != text {
		return fmt.Errorf("exchange %q: %q came back", text, back)
	}
	return nil
}

// ExchangeThenClose uses a connection once more, which is how to see what has
// become of it, and closes it: the outcome ends in close if it was alive.
func ExchangeThenClose(c *lab.Conn, text string) lab.Outcome {
	Exchange(c, text) // if it failed, that is how the outcome ends
	c.Close()
	return c.Outcome()
}
