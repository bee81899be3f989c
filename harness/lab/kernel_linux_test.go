package lab_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/tcp"
)

// TestInfo looks at one end of a connection while the two ends act.
func TestInfo(t *testing.T) {
	for _, test := range []struct {
		name     string
		play     func(ctx context.Context, client, server *lab.Conn) error
		state    tcp.State
		segments int // with data, that came
	}{
		{"nothing happened", func(context.Context, *lab.Conn, *lab.Conn) error { return nil },
			"ESTABLISHED", 0},
		{"a segment came", func(ctx context.Context, client, server *lab.Conn) error {
			write(server)
			return client.AwaitReadable(ctx)
		}, "ESTABLISHED", 1},
		{"a FIN came", func(ctx context.Context, client, server *lab.Conn) error {
			return errors.Join(server.CloseWrite(), client.AwaitFinish(ctx))
		}, "CLOSE_WAIT", 0},
		{"a RST came", func(ctx context.Context, client, server *lab.Conn) error {
			return errors.Join(server.Abort(), client.AwaitReset(ctx))
		}, "CLOSE", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t, newLab(t))
			if err := test.play(within(t), client, server); err != nil {
				t.Fatal(err)
			}

			got, err := client.Info()

			if err != nil || got.State != test.state || got.DataSegmentsIn != test.segments {
				t.Errorf("got %+v and %v, want %s and %d data segments in", got, err, test.state, test.segments)
			}
		})
	}
}

// TestInfoOfNoSocket asks where there is nobody to ask.
func TestInfoOfNoSocket(t *testing.T) {
	l := newLab(t)
	client, server := pair(t, l)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Info(); harness.EndingOf(err) != harness.Closed {
		t.Errorf("a closed connection: %v, want a closed one", err)
	}
	failed, _ := l.Host("client").Dial(within(t), server.RemoteAddr().String()) // nobody listens there
	if _, err := failed.Info(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a connect that failed: %v, want its error", err)
	}
}

// TestFill fills a connection whose peer does not read: what is stuck is lost
// with an abort.
func TestFill(t *testing.T) {
	client, server := pair(t, newLab(t))

	err := errors.Join(server.Fill(), server.Abort(), client.AwaitReset(within(t)))
	for err == nil {
		_, err = client.Read(make([]byte, 1<<16))
	}

	sent, received := server.Outcome().Sent, client.Outcome().Received
	if !errors.Is(err, syscall.ECONNRESET) || received == 0 || received >= sent {
		t.Errorf("%d bytes sent, %d received, then %v: want fewer, then ECONNRESET", sent, received, err)
	}
}

// TestFillFails fills connections that are over.
func TestFillFails(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(client, server *lab.Conn) error
		want harness.Ending
	}{
		{"reset by the peer", func(client, server *lab.Conn) error {
			return errors.Join(server.Abort(), client.AwaitReset(within(t)))
		}, harness.Reset},
		{"shut down by itself", func(client, _ *lab.Conn) error { return client.CloseWrite() }, harness.BrokenPipe},
		{"closed by itself", func(client, _ *lab.Conn) error { return client.Close() }, harness.Closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t, newLab(t))
			if err := test.end(client, server); err != nil {
				t.Fatal(err)
			}
			if err := client.Fill(); harness.EndingOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestCloseRead shuts the reading direction down: its end reads the end of the
// stream, the other writes on.
func TestCloseRead(t *testing.T) {
	client, server := pair(t, newLab(t))

	if err := client.CloseRead(); err != nil {
		t.Fatal(err)
	}
	read(client)
	write(server)

	if got := client.Outcome(); got.First() != "read: finished" || got.Calls[1].Op != lab.ShutdownRead {
		t.Errorf("the end that shut: %v", got)
	}
	if got := server.Outcome(); got.Ending != harness.Open {
		t.Errorf("the other end: %v", got)
	}
}

// TestAwaitConnection finds a connection in the queue and leaves it there.
func TestAwaitConnection(t *testing.T) {
	l, ctx := newLab(t), within(t)
	listener, err := l.Host("server").Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()

	waited := make(chan error, 1)
	go func() { waited <- listener.AwaitConnection(ctx) }()
	client, err := l.Host("client").Dial(ctx, listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
}

// TestAwaitConnectionIsGivenUp ends the wait by its context and by closing the
// listener.
func TestAwaitConnectionIsGivenUp(t *testing.T) {
	listener, err := newLab(t).Host("server").Listen(within(t))
	if err != nil {
		t.Fatal(err)
	}
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(within(t))
	cancel(reason)
	if err := listener.AwaitConnection(ctx); !errors.Is(err, reason) {
		t.Errorf("with an ended context: %v, want %v", err, reason)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := listener.AwaitConnection(within(t)); harness.EndingOf(err) != harness.Closed {
		t.Errorf("on a closed listener: %v, want a closed one", err)
	}
}
