package clients

import "github.com/resetlab/resetlab/harness/lab"

// SendOn is SendThenRead over a connection that is open already.
func SendOn(c *lab.Conn, text string) lab.Outcome {
	if _, err := c.Write([]byte(text)); err == nil {
		readToEnd(c)
	}
	return c.Outcome()
}
