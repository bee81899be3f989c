package record_test

import (
	"context"
	"io"
	"net/netip"
	"os"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
)

// A situation is a run that ends in one RST and what is to be said of it. The
// reason is the kernel's where it tells it and ours where it is inferred.
type situation struct {
	name   string
	run    func(*testing.T, *lab.Lab)
	sender evidence.Sender
	host   string
	flags  string
	reason string
	cause  string // the call or the flags of the segment
	why    string // words that occur in Why
	lost   []evidence.Loss
	// guess is the reason where it has to be inferred, if it is another; "-"
	// says that several would fit.
	guess string
}

var situations = []situation{
	{
		name: "closing with unread data", run: closeUnread(lab.Direct),
		sender: evidence.Application, host: "server", flags: "RST ACK", reason: "TCP_ABORT_ON_CLOSE",
		cause: "close", why: "unread", lost: []evidence.Loss{{From: "client", Written: 2, Delivered: 1}},
	},
	{
		name: "aborting with SO_LINGER 0", run: serving(abort, reset),
		sender: evidence.Application, host: "server", flags: "RST ACK", reason: "TCP_STATE",
		cause: "abort", why: "SO_LINGER",
	},
	{
		name: "connecting to nowhere", run: serving(disconnect, reset),
		sender: evidence.Application, host: "server", flags: "RST ACK", reason: "TCP_STATE",
		cause: "disconnect", why: "AF_UNSPEC",
	},
	{
		name: "closing a listener with a connection waiting", run: closeListener,
		sender: evidence.Application, host: "server", flags: "RST ACK", reason: "TCP_STATE",
		why: "listener was closed", guess: "-",
	},
	{
		name: "connecting to a closed port", run: refuse,
		sender: evidence.KernelReply, host: "server", flags: "RST ACK", reason: "NO_SOCKET",
		cause: "SYN", why: "no socket",
	},
	{
		name: "writing after the peer has closed", run: writeToTimeWait,
		sender: evidence.KernelReply, host: "server", flags: "RST", reason: "TCP_TIMEWAIT_SOCKET",
		cause: "PSH ACK", why: "closed already", lost: []evidence.Loss{{From: "client", Written: 2, Delivered: 1}},
	},
	{
		name: "writing after the peer has shut both directions down", run: serving(shutDown, writeAfterFinish),
		sender: evidence.KernelReply, host: "server", flags: "RST", reason: "TCP_ABORT_ON_DATA",
		cause: "PSH ACK", why: "closed it for reading", lost: []evidence.Loss{{From: "client", Written: 2,
			Delivered: 1}},
	},
}

// serving runs a server with one connection of a client, which sends a byte.
func serving(handle lab.Handler, client func(*testing.T, *lab.Conn)) func(*testing.T, *lab.Lab) {
	return func(t *testing.T, l *lab.Lab) { meet(t, l, lab.Direct, handle, client) }
}

func meet(t *testing.T, l *lab.Lab, route lab.Route, handle lab.Handler, client func(*testing.T, *lab.Conn)) {
	t.Helper()
	server, err := lab.Serve(l.Host("server"), handle)
	if err != nil {
		t.Fatal(err)
	}
	address, err := l.Reach(server, route)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, l, address)
	defer c.Close()
	write(t, c, "a")
	client(t, c)
}

func dial(t *testing.T, l *lab.Lab, address string) *lab.Conn {
	t.Helper()
	c, err := l.Host("client").Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, c *lab.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// closeUnread has the server close with one of two bytes unread.
func closeUnread(route lab.Route) func(*testing.T, *lab.Lab) {
	return func(t *testing.T, l *lab.Lab) {
		two := make(chan struct{})
		meet(t, l, route, func(ctx context.Context, c *lab.Conn) {
			readByte(c)
			<-two
			c.CloseUnread(ctx)
		}, func(t *testing.T, c *lab.Conn) {
			write(t, c, "b")
			close(two)
			reset(t, c)
		})
	}
}

func readByte(c *lab.Conn) { io.ReadFull(c, make([]byte, 1)) }

func abort(_ context.Context, c *lab.Conn) {
	readByte(c)
	c.Abort()
}

func disconnect(_ context.Context, c *lab.Conn) {
	readByte(c)
	c.Disconnect()
}

func readAndClose(_ context.Context, c *lab.Conn) {
	readByte(c)
	c.Close()
}

// readAllAndClose stays until the client has finished: what comes before that
// finds a socket that nobody closes.
func readAllAndClose(_ context.Context, c *lab.Conn) {
	io.Copy(io.Discard, c)
	c.Close()
}

func shutDown(ctx context.Context, c *lab.Conn) {
	readByte(c)
	c.CloseRead()
	c.CloseWrite()
	c.AwaitReset(ctx)
}

// reset has the client read until the reset has come.
func reset(t *testing.T, c *lab.Conn) {
	t.Helper()
	if err := c.AwaitResetAfterFinish(t.Context()); err != nil { // some have finished before
		t.Fatal(err)
	}
	io.Copy(io.Discard, c)
}

func writeAfterFinish(t *testing.T, c *lab.Conn) {
	t.Helper()
	if err := c.AwaitFinish(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, c, "b")
	reset(t, c)
}

// writeToTimeWait has the server's close wait until its FIN is acknowledged, and
// the client write behind that. Where the data acknowledges the FIN itself, or
// comes while close still has the socket, the reason is TCP_ABORT_ON_DATA.
func writeToTimeWait(t *testing.T, l *lab.Lab) {
	closed := make(chan struct{})
	meet(t, l, lab.Direct, func(_ context.Context, c *lab.Conn) {
		defer close(closed)
		readByte(c)
		c.TCP().SetLinger(10) // seconds
		c.Close()
	}, func(t *testing.T, c *lab.Conn) {
		<-closed
		writeAfterFinish(t, c)
	})
}

func closeListener(t *testing.T, l *lab.Lab) {
	listener, err := l.Host("server").Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, l, listener.Addr())
	defer c.Close()
	if err := listener.AwaitConnection(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	reset(t, c)
}

func refuse(t *testing.T, l *lab.Lab) {
	listener, err := l.Host("server").Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if c, err := l.Host("client").Dial(t.Context(), listener.Addr()); err == nil {
		c.Close()
		t.Fatal("somebody listens there")
	}
}

// record records a run of a lab at ip.
func recordRun(t *testing.T, lanes *capture.Lanes, ip netip.Addr, run func(*testing.T,
	*lab.Lab)) *evidence.Recording {
	t.Helper()
	l, err := lab.NewAt(ip)
	if err != nil {
		t.Fatal(err)
	}
	recorder, err := record.Start(l, t.Name(), record.Options{Lanes: lanes})
	if err != nil {
		t.Fatal(err)
	}
	run(t, l)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	recording, err := recorder.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if recording.LostEvents > 0 && os.Getenv(delayedVariable) != "" {
		t.Skipf("others filled the kernel's buffer of events while this process was delayed: %v", recording.Gaps)
	}
	if recording.LostPackets > 0 || recording.LostEvents > 0 {
		t.Errorf("%d segments and %d events were lost", recording.LostPackets, recording.LostEvents)
	}
	return recording
}

// open opens lanes for a test.
func open(t testing.TB, lanes ...evidence.Lane) *capture.Lanes {
	t.Helper()
	opened := capture.Open(lanes...)
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// needs skips a test that cannot do without a lane.
func needs(t testing.TB, lanes *capture.Lanes, lane evidence.Lane) {
	t.Helper()
	for _, missing := range lanes.Missing() {
		if missing.Lane == lane {
			t.Skipf("the lane %s is missing: %s", lane, missing.Why)
		}
	}
}
