package audit_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/internal/socket"
)

// across connects a TLS client with a server of plain text over a bridge. The
// raw connection is the client's below TLS.
func across(t *testing.T, abrupt bool) (client *tls.Conn, raw, server *net.TCPConn) {
	t.Helper()
	authority, err := audit.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	upstream, front := listen(t), listen(t)
	bridge := audit.StartBridge(front, upstream.Addr().String(), authority.Server(), func(string) bool { return abrupt })
	t.Cleanup(func() {
		if err := bridge.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client = tls.Client(conn, &tls.Config{RootCAs: authority.Pool(), ServerName: "shop.example"})
	if err := client.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err = upstream.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for _, c := range []net.Conn{conn, server} {
		c.SetDeadline(time.Now().Add(time.Minute))
	}
	write(t, client, []byte("?")) // a RST before the bridge has dialled would be one in dialling
	if _, err := io.ReadFull(server, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return client, conn.(*net.TCPConn), server
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// expectAll reads to the end of a stream and compares its ending.
func expectAll(t *testing.T, r io.Reader, want []byte, ending harness.Ending) {
	t.Helper()
	got, err := io.ReadAll(r)
	if err == nil {
		err = io.EOF
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, want %d", len(got), len(want))
	}
	if harness.EndingOf(err) != ending {
		t.Errorf("it ended with %v, want %s", err, ending)
	}
}

func write(t *testing.T, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
}

// data is more than a socket takes whose reader does not read, and less than
// all on the way take together.
var data = bytes.Repeat([]byte("0123456789abcdef"), 12_500)

// TestTheServersEndings come to the client behind every byte.
func TestTheServersEndings(t *testing.T) {
	for _, c := range []struct {
		name   string
		end    func(server *net.TCPConn)
		abrupt bool
		want   harness.Ending
	}{
		{"RST", func(s *net.TCPConn) { s.SetLinger(0); s.Close() }, false, harness.Reset},
		{"FIN", func(s *net.TCPConn) { s.Close() }, false, harness.Finished},
		{"FIN without close_notify", func(s *net.TCPConn) { s.Close() }, true, harness.Finished},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, _, server := across(t, c.abrupt)
			write(t, server, data)
			if left := socket.Drain(t.Context(), server, time.Minute); left > 0 {
				t.Fatalf("%d bytes do not get to the bridge", left)
			}
			c.end(server)
			expectAll(t, client, data, c.want)
		})
	}
}

// TestCloseNotify comes with a FIN unless that is abrupt.
func TestCloseNotify(t *testing.T) {
	for _, abrupt := range []bool{false, true} {
		client, raw, server := across(t, abrupt)
		write(t, server, []byte("x"))
		if _, err := io.ReadFull(client, make([]byte, 1)); err != nil { // and the session tickets before it
			t.Fatal(err)
		}
		server.Close()
		rest, err := io.ReadAll(raw)
		if err != nil {
			t.Fatal(err)
		}
		if came := len(rest) > 0; came == abrupt {
			t.Errorf("abrupt %v: %d bytes of TLS before the FIN", abrupt, len(rest))
		}
	}
}

// TestTheClientsEndings come to the server.
func TestTheClientsEndings(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(client *tls.Conn, raw *net.TCPConn) error
		want harness.Ending
	}{
		{"RST", func(_ *tls.Conn, raw *net.TCPConn) error { return errors.Join(raw.SetLinger(0), raw.Close()) }, harness.Reset},
		{"FIN", func(_ *tls.Conn, raw *net.TCPConn) error { return raw.CloseWrite() }, harness.Finished},
		{"close_notify", func(client *tls.Conn, _ *net.TCPConn) error { return client.CloseWrite() }, harness.Finished},
		{"close_notify and FIN", func(client *tls.Conn, _ *net.TCPConn) error { return client.Close() }, harness.Finished},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, raw, server := across(t, false)
			write(t, client, data)
			if left := socket.Drain(t.Context(), raw, time.Minute); left > 0 {
				t.Fatalf("%d bytes do not get to the bridge", left)
			}
			if err := c.end(client, raw); err != nil {
				t.Fatal(err)
			}
			expectAll(t, server, data, c.want)
		})
	}
}

// TestHalfCloseOverABridge leaves the other direction open, in both ways.
func TestHalfCloseOverABridge(t *testing.T) {
	client, _, server := across(t, false)
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectAll(t, server, nil, harness.Finished)
	write(t, server, data[:1000])
	server.Close()
	expectAll(t, client, data[:1000], harness.Finished)

	client, _, server = across(t, true)
	if err := server.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectAll(t, client, nil, harness.Finished)
	write(t, client, data[:1000])
	client.Close()
	expectAll(t, server, data[:1000], harness.Finished)
}

// TestARSTBehindAFINOverABridge is what a server gives that has closed: the client learns
// of it at its next write.
func TestARSTBehindAFINOverABridge(t *testing.T) {
	client, raw, server := across(t, true)
	server.Close()
	expectAll(t, client, nil, harness.Finished)
	write(t, client, []byte("too late"))
	if !socket.AwaitReset(raw) {
		t.Error("no RST came for it")
	}
}
