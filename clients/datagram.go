package clients

import (
	"context"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

// SendDatagram sends text from a connected datagram socket and waits for a
// reply, or for the error that an ICMP message brings.
func SendDatagram(ctx context.Context, h *lab.Host, address, text string) lab.Outcome {
	start := time.Now()
	c, err := h.Stack().Dial(ctx, "udp", address)
	if err != nil {
		record := h.Record("", address)
		record.Remember(lab.Connect, start, 0, err)
		return record.Outcome()
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	record := h.Record(c.LocalAddr().String(), address)
	record.Remember(lab.Connect, start, 0, nil)
	start = time.Now()
	n, err := c.Write([]byte(text))
	record.Remember(lab.Write, start, n, err)
	if err != nil {
		return record.Outcome()
	}
	start = time.Now()
	n, err = c.Read(make([]byte, 4096))
	record.Remember(lab.Read, start, n, err)
	return record.Outcome()
}
