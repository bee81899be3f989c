package lab_test

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

func read(c *lab.Conn)  { c.Read(make([]byte, 8)) }
func write(c *lab.Conn) { c.Write([]byte("abc")) }

// TestOutcome plays at both ends of a connection and looks at what the client
// has remembered.
func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		name           string
		play           func(client, server *lab.Conn)
		first          string
		calls          []string
		sent, received int64
	}{
		{"nothing happened", func(client, server *lab.Conn) {},
			"open", []string{"connect: ok"}, 0, 0},
		{"bytes go both ways", func(client, server *lab.Conn) { write(client); write(server); read(client) },
			"open", []string{"connect: ok", "write: 3 bytes", "read: 3 bytes"}, 3, 3},
		{"the peer finished", func(client, server *lab.Conn) { server.Close(); read(client); read(client) },
			"read: finished", []string{"connect: ok", "read: finished", "read: finished"}, 0, 0},
		{"the peer reset", func(client, server *lab.Conn) { server.Abort(); read(client) },
			"read: reset", []string{"connect: ok", "read: reset"}, 0, 0},
		{"what comes later does not count", func(client, server *lab.Conn) { client.Close(); read(client); write(client) },
			"close: closed", []string{"connect: ok", "close: ok", "read: closed", "write: closed"}, 0, 0},
		{"aborted by oneself", func(client, server *lab.Conn) { client.Abort(); client.Close() },
			"abort: closed", []string{"connect: ok", "abort: ok"}, 0, 0},
		{"closing twice is once", func(client, server *lab.Conn) { client.Close(); client.Close(); client.Abort() },
			"close: closed", []string{"connect: ok", "close: ok"}, 0, 0},
		{"half-closed", func(client, server *lab.Conn) { client.CloseWrite(); write(server); read(client); write(client) },
			"write: broken-pipe", []string{"connect: ok", "shutdown: ok", "read: 3 bytes", "write: broken-pipe"}, 0, 3},
		{"our own deadline", func(client, server *lab.Conn) { client.SetReadDeadline(time.Unix(1, 0)); read(client) },
			"read: gave-up", []string{"connect: ok", "read: gave-up"}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t, newLab(t))

			test.play(client, server)

			saw := client.Outcome()
			var calls []string
			for _, call := range saw.Calls {
				calls = append(calls, call.String())
			}
			if saw.First() != test.first || !slices.Equal(calls, test.calls) {
				t.Errorf("saw %s in %q, want %s in %q", saw.First(), calls, test.first, test.calls)
			}
			if saw.Sent != test.sent || saw.Received != test.received {
				t.Errorf("sent %d, received %d, want %d and %d", saw.Sent, saw.Received, test.sent, test.received)
			}
			if saw.At.IsZero() != (saw.Ending == harness.Open) {
				t.Errorf("it is %s since %v", saw.Ending, saw.At)
			}
			if saw.Host != "client" || saw.Local != server.RemoteAddr().String() {
				t.Errorf("it is of %s at %s, want the client's", saw.Host, saw.Local)
			}
		})
	}
}

func TestOutcomeKeepsTheError(t *testing.T) {
	client, server := pair(t, newLab(t))
	server.Abort()

	_, err := client.Read(make([]byte, 1))
	client.Read(make([]byte, 1))

	saw := client.Outcome()
	if saw.Err != err || saw.Error != err.Error() || !errors.Is(saw.Err, syscall.ECONNRESET) {
		t.Errorf("kept %v as %q, want %v", saw.Err, saw.Error, err)
	}
}

func TestOutcomeIsACopy(t *testing.T) {
	client, _ := pair(t, newLab(t))
	client.Outcome().Calls[0].Op = "other"
	if op := client.Outcome().Calls[0].Op; op != lab.Connect {
		t.Errorf("the connection remembers %q, want %q", op, lab.Connect)
	}
}

// TestRecordBounds enters more calls than an outcome keeps.
func TestRecordBounds(t *testing.T) {
	for _, test := range []struct {
		name             string
		succeed, fail    int // calls, in this order
		kept, elided     int
		sent             int64
		keptFailed, last int // how many of the kept ones failed; the last one's bytes
	}{
		{"as many as are kept", 32, 0, 32, 0, 32 * 2, 0, 2},
		{"one too many", 33, 0, 32, 1, 33 * 2, 0, 2},
		{"failures are kept longer", 40, 32, 64, 8, 40*2 + 32, 32, 1},
		{"until there are 64", 40, 40, 64, 16, 40*2 + 40, 32, 1},
		{"failures alone", 0, 70, 64, 6, 70, 64, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			record := newLab(t).Host("host").Record("", "")
			for range test.succeed {
				record.Remember(lab.Write, time.Now(), 2, nil)
			}
			for range test.fail {
				record.Remember(lab.Write, time.Now(), 1, syscall.EPIPE)
			}

			saw := record.Outcome()
			failed := 0
			for _, call := range saw.Calls {
				if call.Ending != harness.Open {
					failed++
				}
			}
			if len(saw.Calls) != test.kept || saw.Elided != test.elided || failed != test.keptFailed {
				t.Errorf("kept %d calls, %d of them failed, elided %d, want %d, %d and %d",
					len(saw.Calls), failed, saw.Elided, test.kept, test.keptFailed, test.elided)
			}
			if saw.Sent != test.sent || saw.Calls[len(saw.Calls)-1].Bytes != test.last {
				t.Errorf("sent %d, want %d: elided calls count too", saw.Sent, test.sent)
			}
		})
	}
}

func TestDialFails(t *testing.T) {
	l := newLab(t)
	held, _ := pair(t, l) // nobody listens at its port and nobody can begin to

	c, err := l.Host("client").Dial(within(t), held.LocalAddr().String())
	if err == nil || c == nil {
		t.Fatalf("Dial = %v, %v, want a Conn and an error", c, err)
	}

	for name, call := range map[string]func() error{
		"Read":                  func() error { _, err := c.Read(make([]byte, 1)); return err },
		"Write":                 func() error { _, err := c.Write([]byte("a")); return err },
		"CloseWrite":            c.CloseWrite,
		"AwaitReset":            func() error { return c.AwaitReset(within(t)) },
		"AwaitResetAfterFinish": func() error { return c.AwaitResetAfterFinish(within(t)) },
		"AwaitFinish":           func() error { return c.AwaitFinish(within(t)) },
		"AwaitReadable":         func() error { return c.AwaitReadable(within(t)) },
		"CloseUnread":           func() error { return c.CloseUnread(within(t)) },
		"SocketError":           c.SocketError,
		"Disconnect":            c.Disconnect,
		"SetDeadline":           func() error { return c.SetDeadline(time.Time{}) },
		"SetReadDeadline":       func() error { return c.SetReadDeadline(time.Time{}) },
		"SetWriteDeadline":      func() error { return c.SetWriteDeadline(time.Time{}) },
	} {
		if got := call(); !errors.Is(got, err) {
			t.Errorf("%s = %v, want the error of connect", name, got)
		}
	}
	if c.TCP() != nil || c.LocalAddr() != nil || c.RemoteAddr() != nil {
		t.Error("there is a socket or an address")
	}
	if err := errors.Join(c.Close(), c.Abort()); err != nil {
		t.Errorf("closing it = %v, want nothing", err)
	}
	saw := c.Outcome()
	if saw.First() != "connect: refused" || len(saw.Calls) != 1 || saw.Remote != held.LocalAddr().String() {
		t.Errorf("saw %v at %s, want connect: refused and no other call", saw, saw.Remote)
	}
}

func TestContextEndsCalls(t *testing.T) {
	l := newLab(t)
	server, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		call func(*lab.Conn) error
	}{
		{"read", func(c *lab.Conn) error { _, err := c.Read(make([]byte, 1)); return err }},
		{"write", func(c *lab.Conn) error { _, err := c.Write(make([]byte, 1<<26)); return err }},
		{"read after the deadline was taken away", func(c *lab.Conn) error {
			c.AwaitReadable(context.Background()) // ends with the connection's context
			c.SetDeadline(time.Time{})
			_, err := c.Read(make([]byte, 1))
			return err
		}},
		{"write after the deadline was taken away", func(c *lab.Conn) error {
			c.AwaitReadable(context.Background())
			c.SetWriteDeadline(time.Now().Add(time.Hour))
			_, err := c.Write(make([]byte, 1<<26))
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(within(t))
			defer cancel()
			c, err := l.Host("client").Dial(ctx, server.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Abort()
			go cancel()
			if err := test.call(c); harness.EndingOf(err) != harness.GaveUp {
				t.Errorf("%v, want it to give up with the context", err)
			}
		})
	}
}
