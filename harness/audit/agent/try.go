package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/audit"
)

// Try performs one call at an address with nothing in its way, and returns the
// command with what was learnt about its output. The error says why an audit
// of it would prove nothing: it fails, or the origin does not see it.
func (c Command) Try(ctx context.Context, origin audit.Origin, call audit.Call) (Command, error) {
	call.ID = newID()
	c.Output = Data
	client, err := c.Open(ctx, audit.Target{Address: call.Address})
	if err != nil {
		return c, err
	}
	answer := client.Do(ctx, call)
	if err := client.Close(); err != nil {
		return c, err
	}
	if settler, ok := origin.(audit.Settler); ok {
		defer settler.Forget(netip.AddrFrom4([4]byte{127, 0, 0, 1}), call)
	}
	switch {
	case answer.Unimplemented:
		return c, fmt.Errorf("the agent says that it cannot perform %s", call.Operation)
	case answer.Err != nil:
		return c, fmt.Errorf("the agent fails with nothing in its way: %w", answer.Err)
	}
	account, err := origin.Account(ctx, call)
	switch {
	case err != nil:
		return c, fmt.Errorf("ask the origin: %w", err)
	case account.Executed == 0:
		return c, errors.New("the agent reports success, and the server has executed nothing:" +
			" does it go to {url}, or {address} with {id}?")
	case account.Executed > 1:
		return c, fmt.Errorf("with nothing in its way the agent had its call executed %d times", account.Executed)
	}
	c.Output = output(answer.Body, origin.Reply(call))
	return c, nil
}

// output says what a program writes that was given a complete reply.
func output(wrote, reply []byte) Output {
	switch {
	case reply == nil || bytes.Equal(wrote, reply):
		return Data
	case bytes.Equal(wrote, slices.Concat(reply, []byte("\n"))), bytes.Equal(wrote, slices.Concat(reply, []byte("\r\n"))):
		return Line
	}
	return Ignored
}

// newID makes an id as audits make them.
func newID() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	id := []byte("try-_________")
	for i := 4; i < len(id); i++ {
		id[i] = letters[rand.IntN(len(letters))]
	}
	return string(id)
}
