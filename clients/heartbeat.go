package clients

import (
	"context"
	"fmt"

	"github.com/resetlab/resetlab/harness/lab"
)

// amqpHeartbeat is a heartbeat frame (AMQP 0-9-1, sections 2.3.5 and 4.2.7):
// type 8, channel 0, an empty payload, and the octet that ends every frame.
const amqpHeartbeat = "\x08\x00\x00\x00\x00\x00\x00\xce"

// A Heartbeat is a client that says nothing of its own and keeps up a
// heartbeat, in the units of a clock that is turned by hand.
type Heartbeat struct {
	conn  *lab.Conn
	every int // units; 0 means never
	units int
	Beats int // how many heartbeats came back
}

// StartHeartbeat connects to an echo server and exchanges one heartbeat, from
// which on the time counts. A heartbeat timeout, in units of time, makes the
// client send at half of it, as AMQP clients do; 0 switches heartbeats off. An
// error says that the timeout cannot be halved, or how the connection failed.
func StartHeartbeat(ctx context.Context, h *lab.Host, address string, timeout int) (*Heartbeat, error) {
	if timeout < 0 || timeout == 1 {
		return nil, fmt.Errorf("start a heartbeat: timeout is %d: allowed is 0, or 2 and more", timeout)
	}
	c, err := h.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := Exchange(c, amqpHeartbeat); err != nil {
		c.Close() // the error that counts is that of the exchange
		return nil, err
	}
	return &Heartbeat{conn: c, every: timeout / 2}, nil
}

// Tick lets one unit of time pass and, if a heartbeat is due, exchanges it.
func (b *Heartbeat) Tick() {
	b.units++
	if b.every > 0 && b.units%b.every == 0 && Exchange(b.conn, amqpHeartbeat) == nil {
		b.Beats++
	}
}

// Leave uses the connection once more and closes it, as ExchangeThenClose does.
func (b *Heartbeat) Leave() lab.Outcome { return ExchangeThenClose(b.conn, "request") }
