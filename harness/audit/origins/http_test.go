package origins_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func startHTTP(t *testing.T) *origins.HTTP {
	t.Helper()
	origin, err := origins.StartHTTP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	return origin
}

// expectAccount compares what an origin says that it did for a call.
func expectAccount(t *testing.T, origin audit.Origin, id string, want audit.Account) {
	t.Helper()
	got, err := origin.Account(t.Context(), audit.Call{ID: id})
	if err != nil || got != want {
		t.Errorf("the account of %s is %+v, %v: want %+v", id, got, err, want)
	}
}

func TestHTTPShapes(t *testing.T) {
	origin := startHTTP(t)
	for shape, fields := range map[string][]string{
		"":        {"Content-Length: 1728"},
		"chunked": {"Transfer-Encoding: chunked"},
		"trailer": {"Transfer-Encoding: chunked", "Trailer: Complete"},
		"close":   {"Connection: close"},
		"gzip":    {"Content-Encoding: gzip", "Content-Length: "},
		"stream":  {"Transfer-Encoding: chunked", "Content-Type: text/event-stream"},
	} {
		call := audit.Call{ID: "abcdef-000001", Operation: point.Read, Shape: shape, Address: origin.Addr()}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin.URL(call), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "gzip")
		conn := dial(t, origin.Addr())
		if err := request.Write(conn); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		var head strings.Builder
		for lines := bufio.NewReader(conn); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			head.WriteString(line)
		}
		for _, field := range fields {
			if !strings.Contains(head.String(), "\r\n"+field) {
				t.Errorf("shape %q: no %q in\n%s", shape, field, head.String())
			}
		}
		if shape == "close" && (strings.Contains(head.String(), "Length") || strings.Contains(head.String(), "Transfer")) {
			t.Errorf("it says how its body is delimited:\n%s", head.String())
		}
	}
	expectAccount(t, origin, "abcdef-000001", audit.Account{Executed: 6})
}

func TestHTTPExecutesWholeRequests(t *testing.T) {
	for _, c := range []struct {
		name, request string
		id            string
		want          audit.Account
	}{
		{"whole", "POST /write/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", "a", audit.Account{Executed: 1}},
		{"in part", "POST /write/b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na", "b", audit.Account{}},
		{"no last chunk", "POST /write/c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", "c", audit.Account{}},
		{"named in the head", "GET / HTTP/1.1\r\nHost: x\r\nOperation-Id: d\r\n\r\n", "d", audit.Account{Executed: 1}},
		{"with a key", strings.Repeat("GET /e HTTP/1.1\r\nHost: x\r\nIdempotency-Key: 1\r\n\r\n", 3), "e", audit.Account{Executed: 1, Discarded: 2}},
		{"no compression", "GET /f?shape=gzip HTTP/1.1\r\nHost: x\r\n\r\n", "f", audit.Account{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin := startHTTP(t)
			conn := dial(t, origin.Addr())
			if _, err := fmt.Fprint(conn, c.request); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if err := origin.Settle(t.Context(), loopback, 1); err != nil {
				t.Fatal(err)
			}
			expectAccount(t, origin, c.id, c.want)
			origin.Forget(loopback, audit.Call{ID: c.id})
			expectAccount(t, origin, c.id, audit.Account{})
		})
	}
}

// TestHTTPSettles only when a connection is over.
func TestHTTPSettles(t *testing.T) {
	origin := startHTTP(t)
	conn := dial(t, origin.Addr())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := origin.Settle(ctx, loopback, 1); err == nil {
		t.Error("it settled while a connection was open")
	}
	conn.Close()
	if err := origin.Settle(t.Context(), loopback, 1); err != nil {
		t.Error(err)
	}
}
