package lab_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

// TestAwait lets the peer act, waits, and then reads: what was waited for is
// there still.
func TestAwait(t *testing.T) {
	finish := func(peer *lab.Conn) { peer.Close() }
	reset := func(peer *lab.Conn) { peer.Abort() }
	for _, test := range []struct {
		name  string
		peer  func(*lab.Conn)
		await func(*lab.Conn, context.Context) error
		gives harness.Ending // of the wait
		read  string         // the call behind it
	}{
		{"reset", reset, (*lab.Conn).AwaitReset, harness.Open, "read: reset"},
		{"finish", finish, (*lab.Conn).AwaitFinish, harness.Open, "read: finished"},
		{"reset, and a FIN comes", finish, (*lab.Conn).AwaitReset, harness.Finished, "read: finished"},
		{"reset behind a FIN", func(peer *lab.Conn) { peer.CloseWrite(); peer.Abort() },
			(*lab.Conn).AwaitResetAfterFinish, harness.Open, "read: finished"},
		{"finish, and a reset comes", reset, (*lab.Conn).AwaitFinish, harness.Reset, "read: reset"},
		{"readable, a byte", write, (*lab.Conn).AwaitReadable, harness.Open, "read: 3 bytes"},
		{"readable, an end", finish, (*lab.Conn).AwaitReadable, harness.Open, "read: finished"},
		{"readable, a reset", reset, (*lab.Conn).AwaitReadable, harness.Open, "read: reset"},
	} {
		for _, late := range []bool{false, true} {
			name := test.name + ", there already"
			if late {
				name = test.name + ", later"
			}
			t.Run(name, func(t *testing.T) {
				client, server := pair(t, newLab(t))
				acted := make(chan struct{})
				act := func() { test.peer(server); close(acted) }
				if late {
					go act()
				} else {
					act()
				}

				err := test.await(client, within(t))
				<-acted
				read(client)

				calls := client.Outcome().Calls
				if harness.EndingOf(err) != test.gives || calls[1].Op != lab.Poll {
					t.Errorf("the wait gave %v, and %v is remembered, want %s", err, calls[1], test.gives)
				}
				if got := calls[2].String(); got != test.read {
					t.Errorf("after it %s, want %s", got, test.read)
				}
			})
		}
	}
}

// TestAwaitIsCancelled gives a wait up: the error is the context's, and the
// connection is as it was.
func TestAwaitIsCancelled(t *testing.T) {
	reason := errors.New("enough")
	for _, test := range []struct {
		name  string
		await func(*lab.Conn, context.Context) error
		peer  func(*lab.Conn) // what does not end the wait
		read  string
	}{
		{"reset, nothing came", (*lab.Conn).AwaitReset, func(*lab.Conn) {}, "read: 3 bytes"},
		{"reset behind a FIN, which came", (*lab.Conn).AwaitResetAfterFinish,
			func(peer *lab.Conn) { write(peer); peer.CloseWrite() }, "read: 3 bytes"},
		{"finish, a byte came", (*lab.Conn).AwaitFinish, write, "read: 3 bytes"},
		{"readable", (*lab.Conn).AwaitReadable, func(*lab.Conn) {}, "read: 3 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t, newLab(t))
			ctx, cancel := context.WithCancelCause(within(t))
			test.peer(server)
			go cancel(reason)

			err := test.await(client, ctx)
			if !errors.Is(err, reason) {
				t.Errorf("%v, want the cause of the cancellation", err)
			}
			server.Write([]byte("abc")) // fails where the peer has finished
			client.Read(make([]byte, 3))

			calls := client.Outcome().Calls
			if got := calls[len(calls)-1].String(); got != test.read {
				t.Errorf("after it %s, want %s: the deadline is still there", got, test.read)
			}
		})
	}
}

// TestAwaitResetBehindOwnShutdown: poll(2) shows an end that shuts its own
// reading down as it shows a FIN. It is none, and a RST may come yet.
func TestAwaitResetBehindOwnShutdown(t *testing.T) {
	client, server := pair(t, newLab(t))
	if err := client.CloseRead(); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(within(t))
	cancel()
	if err := client.AwaitReset(ended); harness.EndingOf(err) != harness.GaveUp {
		t.Errorf("the wait gave %v, want it to go on until its context ends", err)
	}
	server.Abort()
	if err := client.AwaitReset(within(t)); err != nil {
		t.Errorf("the wait gave %v, and a RST came", err)
	}
}

// TestAwaitResetThatCannotCome: the peer reads everything behind its FIN and
// closes. Nothing on the wire tells that no RST comes any more; the lab knows.
func TestAwaitResetThatCannotCome(t *testing.T) {
	for _, late := range []bool{false, true} {
		client, server := pair(t, newLab(t))
		write(client)
		leave := func() { server.CloseWrite(); server.Read(make([]byte, 3)); server.Close() }
		if late {
			go leave()
		} else {
			leave()
		}
		err := client.AwaitResetAfterFinish(within(t))
		if harness.EndingOf(err) != harness.Finished {
			t.Errorf("late %v: the wait gave %v, want it to end as finished", late, err)
		}
		read(client)
		if got := client.Outcome(); got.Calls[len(got.Calls)-1].String() != "read: finished" {
			t.Errorf("late %v: behind the wait it saw %v", late, got)
		}
	}
}

// TestAwaitResetBehindWhatIsStuck: the peer's FIN cannot come, since what is
// before it fills the window, and no RST will.
func TestAwaitResetBehindWhatIsStuck(t *testing.T) {
	client, server := pair(t, newLab(t))
	if err := errors.Join(server.Fill(), server.Close()); err != nil {
		t.Fatal(err)
	}
	if err := client.AwaitReset(within(t)); harness.EndingOf(err) != harness.Finished {
		t.Errorf("the wait gave %v, want it to end as finished", err)
	}
}

// TestAwaitResetThatComesOfOtherThings: the peer closes, and its kernel resets
// what comes, or does not wait for a FIN. The wait does not end before that.
func TestAwaitResetThatComesOfOtherThings(t *testing.T) {
	for name, play := range map[string]func(client, server *lab.Conn){
		"data on the way": func(client, server *lab.Conn) { server.Close(); write(client) },
		"unread data":     func(client, server *lab.Conn) { server.CloseWrite(); write(client); server.CloseUnread(within(t)) },
		"TCP_LINGER2": func(_, server *lab.Conn) {
			raw, err := server.TCP().SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_LINGER2, -1) })
			server.Close()
		},
		"SO_LINGER": func(_, server *lab.Conn) { server.CloseWrite(); server.TCP().SetLinger(0); server.Close() },
	} {
		client, server := pair(t, newLab(t))
		play(client, server)
		if err := client.AwaitResetAfterFinish(within(t)); err != nil {
			t.Errorf("%s: the wait gave %v, want a RST", name, err)
		}
	}
}

// TestAwaitResetThatWasTaken: whoever took the error of a RST took what the
// wait looks for. It can come no more.
func TestAwaitResetThatWasTaken(t *testing.T) {
	client, server := pair(t, newLab(t))
	server.Abort()
	if err := client.AwaitReset(within(t)); err != nil {
		t.Fatal(err)
	}
	client.SocketError()
	if err := client.AwaitReset(within(t)); harness.EndingOf(err) != harness.Finished {
		t.Errorf("the wait gave %v, want it to say that the connection is over", err)
	}
}

func TestAwaitKeepsTheDeadline(t *testing.T) {
	client, server := pair(t, newLab(t))
	if err := client.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(within(t))
	cancel()
	write(server)

	if err := client.AwaitReset(ended); err == nil {
		t.Error("the wait ended without an error")
	}
	if _, err := client.Read(make([]byte, 1)); harness.EndingOf(err) != harness.GaveUp {
		t.Errorf("read = %v, want the deadline from before the wait", err)
	}
}

func TestAwaitEndsWithTheConnection(t *testing.T) {
	l := newLab(t)
	server, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	c, err := l.Host("client").Dial(ctx, server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go cancel()

	if err := c.AwaitReset(within(t)); harness.EndingOf(err) != harness.GaveUp {
		t.Errorf("%v, want it to give up with the connection's context", err)
	}
}

// TestAwaitGivenUpForACause gives the context a cause of its own, as Ginkgo
// does: the wait gave up all the same, and says why.
func TestAwaitGivenUpForACause(t *testing.T) {
	client, _ := pair(t, newLab(t))
	cause := errors.New("the suite was interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)

	err := client.AwaitReset(ctx)

	if harness.EndingOf(err) != harness.GaveUp || !errors.Is(err, cause) {
		t.Errorf("the wait gave %v, want one that gave up for its cause", err)
	}
}
