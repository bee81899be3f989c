package subjects_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// narrow is a window of the connection that one dropped body uses up.
var narrow = &http.HTTP2Config{MaxReceiveBufferPerConnection: 1 << 16, MaxReceiveBufferPerStream: 1 << 16}

// A multiplexer serves streams of net/http's HTTP/2.
type multiplexer struct {
	*httptest.Server
	connections atomic.Int64
	requests    atomic.Int64  // struck ones that its handler saw
	cancelled   chan struct{} // for each of them: its context has ended
	waiting     chan struct{} // the other stream is there
	release     chan struct{} // and may end
}

func startMultiplexer(t *testing.T) *multiplexer {
	m := &multiplexer{
		cancelled: make(chan struct{}, 100), waiting: make(chan struct{}), release: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/struck/", m.struck)
	mux.HandleFunc("/other", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		m.waiting <- struct{}{}
		<-m.release
		w.Write(body)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Echo", r.Header.Get("Echo"))
		w.Header().Set("Own-"+r.Header.Get("Echo"), r.Header.Get("Echo"))
		sent, _ := io.ReadAll(r.Body) // an error cuts the echo short
		w.Write(sent)
	})
	m.Server = httptest.NewUnstartedServer(mux)
	m.Config.Protocols = &http.Protocols{}
	m.Config.Protocols.SetUnencryptedHTTP2(true)
	m.Config.HTTP2 = narrow
	m.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			m.connections.Add(1)
		}
	}
	m.Start()
	t.Cleanup(m.Close)
	return m
}

// body is more than any window here.
var body = bytes.Repeat([]byte("0123456789abcdef"), 1<<13)

// struck replies at once with more than there is window for, and then waits for
// its stream to end; at P4.race it is the retry that it serves.
func (m *multiplexer) struck(w http.ResponseWriter, r *http.Request) {
	m.requests.Add(1)
	if r.Header.Get("Brief") != "" {
		return
	}
	w.(http.Flusher).Flush()
	w.Write(body)
	<-r.Context().Done()
	m.cancelled <- struct{}{}
}

// A multiplexing client has one other stream open while some are struck, and
// then shows that the connection is as good as new.
type multiplexing struct {
	*http.Client
	server *multiplexer
	t      *testing.T
	calls  int
	race   bool // the place is P4.race, before which there is a call
}

// struckCalls are those of one cell.
const struckCalls = 20

func (m *multiplexing) Do(ctx context.Context, c audit.Call) audit.Answer {
	m.calls++
	switch {
	case m.race && m.calls == 1:
		return audit.Answer{Err: m.echo(ctx, c, "first")}
	case m.race && m.calls == 2:
		return audit.Answer{Err: m.request(ctx, c, "/struck/"+c.ID, nil, http.Header{"Brief": {"yes"}}, nil)}
	case m.calls == 1:
		return audit.Answer{Err: m.struckOnes(ctx, c)}
	}
	for n := range 100 {
		if err := m.echo(ctx, c, fmt.Sprint("value-", n)); err != nil {
			return audit.Answer{Err: fmt.Errorf("call %d: %w", n, err)}
		}
	}
	if n := m.server.connections.Load(); n != 1 {
		return audit.Answer{Err: fmt.Errorf("it took %d connections", n)}
	}
	return audit.Answer{}
}

func (m *multiplexing) struckOnes(ctx context.Context, c audit.Call) error {
	other := make(chan error, 1)
	go func() { other <- m.request(ctx, c, "/other", nil, nil, body) }()
	<-m.server.waiting
	var last error
	for range struckCalls {
		last = m.request(ctx, c, "/struck/"+c.ID, body, nil, body)
		var ended http2.StreamError
		if !errors.As(last, &ended) || ended.Code != http2.ErrCodeInternal {
			m.t.Errorf("a struck call ends with %v", last)
		}
		select {
		case <-m.server.cancelled:
		case <-ctx.Done():
			m.t.Error("the server goes on with a struck call")
		}
	}
	m.server.release <- struct{}{}
	if err := <-other; err != nil {
		m.t.Errorf("the other stream: %v", err)
	}
	return last
}

// echo sends much and gets it back, with header fields that are new and others
// that are not.
func (m *multiplexing) echo(ctx context.Context, c audit.Call, value string) error {
	return m.request(ctx, c, "/echo", body, http.Header{"Echo": {value}, "Own-" + value: {value}, "Same": {"x"}}, body)
}

func (m *multiplexing) request(
	ctx context.Context, c audit.Call, path string, send []byte, header http.Header, want []byte,
) error {
	scheme := "http"
	if c.TLS {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, scheme+"://"+c.Address+path, bytes.NewReader(send))
	if err != nil {
		return err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := m.Client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if echo := header.Get("Echo"); response.Header.Get("Echo") != echo || !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes for %q came, echo %q", len(got), echo, response.Header.Get("Echo"))
	}
	return nil
}

func (m *multiplexing) Close() error {
	m.CloseIdleConnections()
	return nil
}

// TestOneStreamIsStruck: it ends at both ends, another that is open at the same
// time completes, and the connection carries calls as before, over which much
// passes and whose header fields differ.
func TestOneStreamIsStruck(t *testing.T) {
	authority, err := audit.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for _, secured := range []bool{false, true} {
		for _, c := range []struct {
			cell     string
			want     verdict.Outcome
			strikes  int
			requests int64
		}{
			{"P4.race/rst-stream/once/read", verdict.Unchecked, 1, 1}, // retried; nobody knows the data
			{"P7/rst-stream/always/read", verdict.Surfaced, struckCalls, struckCalls},
			{"P9/rst-stream/always/read", verdict.Surfaced, struckCalls, struckCalls},
			{"P10.frames/rst-stream/always/read", verdict.Surfaced, struckCalls, struckCalls},
		} {
			t.Run(fmt.Sprintf("%s secured %t", c.cell, secured), func(t *testing.T) {
				cell, err := point.ParseCell(c.cell)
				if err != nil {
					t.Fatal(err)
				}
				server := startMultiplexer(t)
				s := audit.Subject{
					Name: "net/http", Protocol: protocols.HTTP2(), Pooled: true,
					Origin: audit.Upstream(server.Listener.Addr().String(), func(context.Context, string) (int, error) {
						return int(server.requests.Load()), nil
					}),
				}
				var config *tls.Config
				if secured {
					s.TLS, config = authority.Server("h2"), &tls.Config{RootCAs: authority.Pool()}
				}
				s.Open = func(context.Context, audit.Target) (audit.Client, error) {
					client := netHTTP2(config)
					client.Transport.(*http.Transport).HTTP2 = narrow
					return &multiplexing{Client: client, server: server, t: t, race: strings.HasPrefix(c.cell, "P4")}, nil
				}
				report, err := audit.Run(t.Context(), s, audit.Options{
					Cells: []point.Cell{cell}, Limits: audit.Limits{Time: 20 * time.Second, Attempts: 100},
				})
				if err != nil {
					t.Fatal(err)
				}
				got := report.Cells[0]
				if got.Verdict.String() != string(c.want) || got.Strikes != c.strikes || server.requests.Load() != c.requests {
					t.Errorf("%s after %d strikes and %d requests, want %s after %d and %d: %s %s", got.Verdict, got.Strikes,
						server.requests.Load(), c.want, c.strikes, c.requests, got.Verdict.Reason, got.FollowUp)
				}
			})
		}
	}
}
