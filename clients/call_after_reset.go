package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// ReadByte reads a byte. As with WriteByte and TakeError, what the call gave is
// in the outcome.
func ReadByte(c *lab.Conn) { c.Read(make([]byte, 1)) }

// ReadAll reads until reading fails.
func ReadAll(c *lab.Conn) { readToEnd(c) }

// WriteByte writes a byte.
func WriteByte(c *lab.Conn) { c.Write(make([]byte, 1)) }

// TakeError asks for the pending error, SO_ERROR, which clears it.
func TakeError(c *lab.Conn) { c.SocketError() }

// CallAfterReset connects, sends text, waits for the RST that comes in return
// without taking its error, and makes the calls one after the other, whatever
// they give. Linux only.
func CallAfterReset(
	ctx context.Context, h *lab.Host, address, text string, calls ...func(*lab.Conn),
) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	callAfter(ctx, c.AwaitReset, c, text, calls)
	return c.Outcome()
}

// CallAfterFinishAndReset is CallAfterReset, except that it sends text when
// the server's FIN has come: the RST finds the connection in CLOSE_WAIT.
func CallAfterFinishAndReset(
	ctx context.Context, h *lab.Host, address, text string, calls ...func(*lab.Conn),
) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	if err := c.AwaitFinish(ctx); err == nil {
		callAfter(ctx, c.AwaitResetAfterFinish, c, text, calls)
	}
	return c.Outcome()
}

func callAfter(
	ctx context.Context, reset func(context.Context) error, c *lab.Conn, text string, calls []func(*lab.Conn),
) {
	if _, err := c.Write([]byte(text)); err != nil {
		return
	}
	if err := reset(ctx); err != nil {
		return
	}
	for _, call := range calls {
		call(c)
	}
}
