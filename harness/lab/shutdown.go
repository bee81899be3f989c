package lab

import "time"

// CloseRead promises not to read any more (shutdown(2), SHUT_RD). Nothing goes
// out. What Linux makes of bytes that still come depends on the other
// direction; see tcp_rcv_state_process in net/ipv4/tcp_input.c.
func (c *Conn) CloseRead() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	err := c.tcp.CloseRead()
	c.record.Remember(ShutdownRead, start, 0, err)
	return err
}
