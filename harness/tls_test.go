package harness_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/internal/socket"
)

// certified returns what a server and its client need to speak TLS.
func certified(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	lender := httptest.NewTLSServer(nil)
	defer lender.Close()
	pool := x509.NewCertPool()
	pool.AddCert(lender.Certificate())
	return &tls.Config{Certificates: lender.TLS.Certificates}, &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

// securely connects a TLS client with a server of plain text over a proxy. The
// raw connection is the client's below TLS.
func securely(t *testing.T, o harness.Options) (proxy *harness.Proxy, client *tls.Conn, raw, server *net.TCPConn) {
	t.Helper()
	var config *tls.Config
	o.TLS, config = certified(t)
	upstream := listen(t, "127.0.0.1:0")
	proxy = start(t, upstream.Addr(), o)
	conn, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client = tls.Client(conn, config)
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
	writeAll(t, client, []byte("?")) // a RST before the proxy has dialled would be one in dialling
	if _, err := io.ReadFull(server, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return proxy, client, conn.(*net.TCPConn), server
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

func writeAll(t *testing.T, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
}

// data is more than a socket takes whose reader does not read, and less than
// all on the way take together.
var data = bytes.Repeat([]byte("0123456789abcdef"), 12_500)

// TestTheServersEndingsOverTLS come to the client behind every byte.
func TestTheServersEndingsOverTLS(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(server *net.TCPConn)
		want harness.Ending
	}{
		{"RST", func(s *net.TCPConn) { s.SetLinger(0); s.Close() }, harness.Reset},
		{"FIN", func(s *net.TCPConn) { s.Close() }, harness.Finished},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, client, _, server := securely(t, harness.Options{})
			writeAll(t, server, data)
			if left := socket.Drain(t.Context(), server, time.Minute); left > 0 {
				t.Fatalf("%d bytes do not get to the proxy", left)
			}
			c.end(server)
			expectAll(t, client, data, c.want)
		})
	}
}

// TestCloseNotify comes with the upstream's FIN, and with that of a cut only where
// it is wanted.
func TestCloseNotify(t *testing.T) {
	byServer := func(t *testing.T, _ *harness.Proxy, server *net.TCPConn) { server.Close() }
	byCut := func(t *testing.T, proxy *harness.Proxy, _ *net.TCPConn) {
		if _, err := proxy.Cut(harness.Cut{Now: true, Toward: harness.Client, With: harness.SendFIN}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		end     func(*testing.T, *harness.Proxy, *net.TCPConn)
		options harness.Options
		want    bool
	}{
		{"the upstream", byServer, harness.Options{}, true},
		{"a cut", byCut, harness.Options{}, false},
		{"a cut that says goodbye", byCut, harness.Options{CloseNotify: true}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy, client, raw, server := securely(t, c.options)
			writeAll(t, server, []byte("x"))
			if _, err := io.ReadFull(client, make([]byte, 1)); err != nil { // and the session tickets before it
				t.Fatal(err)
			}
			c.end(t, proxy, server)
			rest, err := io.ReadAll(raw)
			if err != nil {
				t.Fatal(err)
			}
			if came := len(rest) > 0; came != c.want {
				t.Errorf("%d bytes of TLS before the FIN", len(rest))
			}
		})
	}
}

// TestACutCountsPlainText, which all reaches a client that speaks TLS.
func TestACutCountsPlainText(t *testing.T) {
	proxy, client, _, server := securely(t, harness.Options{})
	cut, err := proxy.Cut(harness.Cut{Toward: harness.Client, After: 150_001})
	if err != nil {
		t.Fatal(err)
	}
	go server.Write(data)
	expectAll(t, client, data[:150_001], harness.Reset)
	expectAll(t, server, nil, harness.Reset)
	<-cut.Done()
	if r := cut.Report(); r.Count != 1 || r.Strikes[0].At != 150_001 || !r.Strikes[0].Drained {
		t.Errorf("the report is %+v", r)
	}
}

// TestACutInTheHandshake: what passes before it arrives, and the upstream is never
// dialled.
func TestACutInTheHandshake(t *testing.T) {
	for _, c := range []struct {
		name   string
		toward harness.End
		with   harness.Action
		want   harness.Ending
		some   bool // a part of the server's answer comes
	}{
		{"the ClientHello is withheld", harness.Server, harness.SendReset, harness.Reset, false},
		{"behind a part of the ServerHello", harness.Client, harness.SendReset, harness.Reset, true},
		{"a FIN there", harness.Client, harness.SendFIN, harness.Finished, true},
		{"a FIN, and a RST", harness.Client, harness.FINThenReset, harness.Finished, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			const part = 40
			struck := false
			dialled := make(chan struct{}, 1)
			config, trusting := certified(t)
			proxy := start(t, listen(t, "127.0.0.1:0").Addr(), harness.Options{
				TLS: config,
				WatchHandshake: func(int) harness.Watcher {
					return func(toward harness.End, b []byte) *harness.Cut {
						if toward != c.toward || struck {
							return nil
						}
						struck = true
						if toward == harness.Server {
							return &harness.Cut{With: c.with}
						}
						return &harness.Cut{After: part, With: c.with}
					}
				},
				Dial: func(context.Context, string, string) (net.Conn, error) {
					dialled <- struct{}{}
					return nil, errors.New("nobody is there")
				},
			})
			conn, err := net.Dial("tcp", proxy.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			var got bytes.Buffer
			err = tls.Client(teed{conn, &got}, trusting).Handshake()
			if ending := harness.EndingOf(err); ending != c.want {
				t.Errorf("the handshake ends with %v, want %s", err, c.want)
			}
			if want := map[bool]int{true: part}[c.some]; got.Len() != want {
				t.Errorf("%d bytes came, want %d", got.Len(), want)
			}
			conn.Close()
			if err := proxy.AwaitIdle(t.Context()); err != nil {
				t.Error(err)
			}
			if cuts := proxy.Cuts(); len(cuts) != 1 || cuts[0].Count != 1 {
				t.Errorf("the cuts are %+v", cuts)
			}
			if len(dialled) > 0 {
				t.Error("the upstream was dialled")
			}
		})
	}
}

// A teed connection keeps what is read.
type teed struct {
	net.Conn
	kept *bytes.Buffer
}

func (c teed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.kept.Write(b[:n])
	return n, err
}

// TestAnUntrustingClient is let see the end, and its alert is read.
func TestAnUntrustingClient(t *testing.T) {
	config, _ := certified(t)
	proxy := start(t, listen(t, "127.0.0.1:0").Addr(), harness.Options{TLS: config})
	conn, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if err := tls.Client(conn, &tls.Config{ServerName: "example.com"}).Handshake(); err == nil {
		t.Fatal("the handshake succeeds")
	}
	rest, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("it ended with %v behind %d bytes, want a FIN", err, len(rest))
	}
	conn.Close()
	if err := proxy.AwaitIdle(t.Context()); err != nil {
		t.Error(err)
	}
}

// An echoFilter says to the client what it says, line by line, and lets only what
// the server says pass.
type echoFilter struct{ held string }

func (f *echoFilter) Pass(toward harness.End, b []byte) (toServer, toClient []byte) {
	if toward == harness.Client {
		return nil, b
	}
	f.held += string(b)
	end := strings.LastIndexByte(f.held, '\n') + 1
	toClient = []byte(f.held[:end])
	f.held = f.held[end:]
	return nil, toClient
}

func (f *echoFilter) Rest(toward harness.End) []byte {
	if toward == harness.Client {
		return nil
	}
	return []byte(f.held)
}

// TestAFilter says things to both ends, and what it holds back comes at the end.
func TestAFilter(t *testing.T) {
	upstream := listen(t, "127.0.0.1:0")
	proxy := start(t, upstream.Addr(), harness.Options{Filter: func(int) harness.Filter { return &echoFilter{} }})
	conn, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	server, err := upstream.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	writeAll(t, conn, []byte("one\ntw"))
	if got := make([]byte, 4); errors.Join(readFull(conn, got)) != nil || string(got) != "one\n" {
		t.Errorf("the client got %q", got)
	}
	writeAll(t, server, []byte("hello"))
	if got := make([]byte, 5); readFull(conn, got) != nil || string(got) != "hello" {
		t.Errorf("the client got %q", got)
	}
	conn.(*net.TCPConn).CloseWrite()
	expectAll(t, server, []byte("tw"), harness.Finished)
	server.SetLinger(0)
	server.Close()
	expectAll(t, conn, nil, harness.Reset)
}

func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return err
}

// TestTheClientsEndingsOverTLS come to the server.
func TestTheClientsEndingsOverTLS(t *testing.T) {
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
			_, client, raw, server := securely(t, harness.Options{})
			writeAll(t, client, data)
			if left := socket.Drain(t.Context(), raw, time.Minute); left > 0 {
				t.Fatalf("%d bytes do not get to the proxy", left)
			}
			if err := c.end(client, raw); err != nil {
				t.Fatal(err)
			}
			expectAll(t, server, data, c.want)
		})
	}
}

// TestHalfCloseOverTLS leaves the other direction open, in both ways.
func TestHalfCloseOverTLS(t *testing.T) {
	_, client, _, server := securely(t, harness.Options{})
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectAll(t, server, nil, harness.Finished)
	writeAll(t, server, data[:1000])
	server.Close()
	expectAll(t, client, data[:1000], harness.Finished)

	_, client, _, server = securely(t, harness.Options{})
	if err := server.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectAll(t, client, nil, harness.Finished)
	writeAll(t, client, data[:1000])
	client.Close()
	expectAll(t, server, data[:1000], harness.Finished)
}

// TestARSTBehindAFINOverTLS is what a server gives that has closed: the client learns
// of it at its next write.
func TestARSTBehindAFINOverTLS(t *testing.T) {
	_, client, raw, server := securely(t, harness.Options{})
	server.Close()
	expectAll(t, client, nil, harness.Finished)
	writeAll(t, client, []byte("too late"))
	if !socket.AwaitReset(raw) {
		t.Error("no RST came for it")
	}
}
