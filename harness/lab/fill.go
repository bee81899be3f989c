package lab

import "time"

// Fill writes zeros until bytes are stuck: the kernel takes no more, and part
// of what it took cannot be sent because the peer, which must not be reading,
// has no room. It counts as one write. It fails when the connection's context
// ends, or with the error that ended the connection. Linux only;
// errors.ErrUnsupported elsewhere.
func (c *Conn) Fill() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	n, err := fill(c.tcp)
	c.record.Remember(Write, start, n, err)
	return err
}
