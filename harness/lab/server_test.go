package lab_test

import (
	"context"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

func TestServeNilHandler(t *testing.T) {
	_, err := lab.Serve(newLab(t).Host("server"), nil)
	if err == nil || !strings.Contains(err.Error(), "handler is nil") {
		t.Errorf("Serve = %v, want an error that says what is nil", err)
	}
}

func panics(what string) { panic("all is lost: " + what) }

// TestHandlerPanics lets one handler panic: its client is reset, the others
// are served on, and Close tells with the stack.
func TestHandlerPanics(t *testing.T) {
	l, ctx := lab.New(), within(t)
	server, err := lab.Serve(l.Host("server"), func(ctx context.Context, c *lab.Conn) {
		one := make([]byte, 1)
		for {
			if _, err := c.Read(one); err != nil {
				return
			}
			if one[0] == '!' {
				panics("byte")
			}
			c.Write(one)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var conns []*lab.Conn
	for _, name := range []string{"lucky", "unlucky"} {
		c, err := l.Host(name).Dial(ctx, server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ask(t, c, "a")
		conns = append(conns, c)
	}

	conns[1].Write([]byte("!"))
	read(conns[1])

	if saw := conns[1].Outcome(); saw.First() != "read: reset" {
		t.Errorf("the client of the handler that panicked saw %v, want read: reset", saw)
	}
	ask(t, conns[0], "b")
	if outcome := <-server.Outcomes(); outcome.First() != "abort: closed" {
		t.Errorf("the server says %v, want abort: closed", outcome)
	}
	conns[0].Close()
	conns[1].Close()
	err = server.Close()
	for _, part := range []string{server.Addr(), "all is lost: byte", "lab_test.panics"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Close() = %v, want it to have %q", err, part)
		}
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "all is lost") {
		t.Errorf("closing the lab = %v, want the panic too", err)
	}
}

func TestServerDeliversOutcomes(t *testing.T) {
	l, ctx := newLab(t), within(t)
	server, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c, err := l.Host("client").Dial(ctx, server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		ask(t, c, "abc")
		c.Close()
		if saw := <-server.Outcomes(); saw.First() != "read: finished" || saw.Remote != c.Outcome().Local {
			t.Errorf("saw %v of %s, want read: finished of %s", saw, saw.Remote, c.Outcome().Local)
		}
	}

	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if outcome, more := <-server.Outcomes(); more {
		t.Errorf("another outcome after Close: %v", outcome)
	}
	if err := server.Close(); err != nil {
		t.Errorf("the second Close() = %v", err)
	}
}

// TestCloseEndsHandlers closes a server whose handlers would wait for ever.
func TestCloseEndsHandlers(t *testing.T) {
	for _, test := range []struct {
		name   string
		handle lab.Handler
		first  string
	}{
		{"in a call", func(ctx context.Context, c *lab.Conn) { c.Write([]byte("a")); read(c) }, "read: gave-up"},
		{"for their context",
			func(ctx context.Context, c *lab.Conn) { c.Write([]byte("a")); <-ctx.Done() }, "close: closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t)
			server, err := lab.Serve(l.Host("server"), test.handle)
			if err != nil {
				t.Fatal(err)
			}
			c, err := l.Host("client").Dial(within(t), server.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			read(c) // the handler runs

			if err := server.Close(); err != nil {
				t.Error(err)
			}
			if saw := <-server.Outcomes(); saw.First() != test.first {
				t.Errorf("saw %v, want %s", saw, test.first)
			}
		})
	}
}
