package origins

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// RESP is a Redis in memory: package miniredis, which knows most commands of
// Redis, behind a reader of commands that has bounds, and a count of what was
// executed. RESP2 and RESP3 are spoken.
//
// A command executes the operation whose id is its first argument, or stands
// anywhere in its arguments with neither letter nor digit next to it, as in
// SET order:ID. A read is executed by every such command, a write and an
// idempotent operation by those that can change data. What Redis answers with
// an error is not executed. MULTI to EXEC executes an operation once, however
// many of its commands name it. A script executes what its arguments name,
// whatever it calls.
//
// The id of a call is a key that can be read though nobody has written it:
//
//	GET id        replies with data
//	LRANGE id …   replies with an array of data: the shape "array"
type RESP struct {
	*ledger          // of commands that can change data
	reads    *ledger // of the others
	listener net.Listener
	serving  sync.WaitGroup
	store    *miniredis.Miniredis
	commands *server.Server
	waking   sync.Mutex   // held while waker is used
	waker    *server.Peer // nobody's connection: see wake
}

// StartRESP starts the server on a free port of 127.0.0.1.
func StartRESP() (*RESP, error) {
	store := miniredis.NewMiniRedis()
	unused, err := store.Dial() // starts it without a listener of its own
	if err != nil {
		return nil, fmt.Errorf("start a Redis in memory: %w", err)
	}
	unused.Close()
	store.ClockTTL(true) // keys expire
	listener, err := listen()
	if err != nil {
		store.Close()
		return nil, err
	}
	r := &RESP{
		ledger: newLedger(), reads: newLedger(), listener: listener, store: store, commands: store.Server(),
		waker: server.NewPeer(bufio.NewWriter(io.Discard)),
	}
	r.serving.Go(r.accept)
	return r, nil
}

// Addr returns its address, host:port.
func (r *RESP) Addr() string { return r.listener.Addr().String() }

// Close stops listening and waits until every connection is over; the audit's
// are when the audit is.
func (r *RESP) Close() error {
	err := r.listener.Close()
	r.serving.Wait()
	r.store.Close()
	return err
}

// Reply returns the data of the reply to GET, the elements of that to LRANGE
// one after the other, and OK for SET. What INCR replies depends on what came
// before.
func (r *RESP) Reply(c audit.Call) []byte {
	switch c.Operation {
	case point.Idempotent:
		return []byte("OK")
	case point.Write:
		return nil
	}
	if c.Shape == "array" {
		return []byte(lineFor(c.ID) + lineFor(c.ID) + lineFor(c.ID))
	}
	return []byte(lineFor(c.ID))
}

// elements are those of the array that LRANGE replies with.
func elements(id string) []string { return slices.Repeat([]string{lineFor(id)}, 3) }

func (r *RESP) accept() {
	acceptAll(r.listener, func(conn net.Conn) { r.serving.Go(func() { r.serve(conn) }) })
}

// serve performs the commands of a connection. They are read in a goroutine of
// their own, so that its end is noticed while one of them waits, as BLPOP does.
func (r *RESP) serve(conn net.Conn) {
	defer r.left(sourceOf(conn))
	defer conn.Close()
	replies := newReplies(conn)
	s := &session{origin: r, replies: replies, peer: server.NewPeer(bufio.NewWriter(replies))}
	commands := make(chan []string)
	r.serving.Go(func() {
		defer close(commands)
		s.read(conn, commands)
	})
	for words := range commands {
		if s.over {
			continue // behind QUIT, until the reader is through
		}
		if s.perform(words); s.over {
			replies.close()
			conn.Close()
		}
	}
	s.unsubscribe()
	replies.close()
}

// wake has every waiting command look whether its connection is still there.
// Any command that goes through the store's lock does.
func (r *RESP) wake() {
	r.waking.Lock()
	defer r.waking.Unlock()
	r.commands.Dispatch(r.waker, []string{"UNWATCH"})
}

// Account returns what was done for a call.
func (r *RESP) Account(ctx context.Context, c audit.Call) (audit.Account, error) {
	account, err := r.ledger.Account(ctx, c)
	if c.Operation == point.Read && err == nil {
		var reads audit.Account
		reads, err = r.reads.Account(ctx, c)
		account.Executed += reads.Executed
	}
	return account, err
}

// Forget forgets the calls and connections of a source, and the calls' keys.
func (r *RESP) Forget(from netip.Addr, calls ...audit.Call) {
	r.ledger.Forget(from, calls...)
	r.reads.Forget(from, calls...)
	for _, c := range calls {
		r.store.Del(c.ID)
	}
}
