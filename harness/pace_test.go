package harness_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// paced is a proxy whose client gets what passes from pace, and the two ends.
func paced(t *testing.T, pace func(context.Context, harness.Pacing)) (proxy *harness.Proxy, client, server *net.TCPConn) {
	t.Helper()
	return between(t, harness.Options{Pace: pace})
}

// TestPace writes what it likes of what comes, behind which the end comes.
func TestPace(t *testing.T) {
	proxy, client, server := paced(t, func(_ context.Context, p harness.Pacing) {
		var held []byte
		for b := range p.Chunks {
			held = append(held, b...)
		}
		for _, piece := range bytes.SplitAfter(held, []byte(" ")) {
			if err := p.Write(bytes.ToUpper(piece)); err != nil {
				t.Error(err)
			}
		}
	})
	if _, err := server.Write([]byte("in two pieces")); err != nil {
		t.Fatal(err)
	}
	if err := server.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); string(got) != "IN TWO PIECES" || err != nil {
		t.Errorf("it got %q, %v", got, err)
	}
	if got := proxy.Connections()[0]; got.ToClient != int64(len("in two pieces")) || got.EndedBy != harness.ByServer {
		t.Errorf("the report says %+v", got)
	}
}

// TestPacingEndsWithTheConnection, and with the proxy: nothing is waited for.
func TestPacingEndsWithTheConnection(t *testing.T) {
	for name, end := range map[string]func(*harness.Proxy, *net.TCPConn){
		"the client resets it": func(_ *harness.Proxy, client *net.TCPConn) {
			client.SetLinger(0)
			client.Close()
		},
		"the proxy closes": func(proxy *harness.Proxy, _ *net.TCPConn) { proxy.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan error, 1)
			proxy, client, server := paced(t, func(ctx context.Context, p harness.Pacing) {
				var err error
				for b := range p.Chunks {
					for err == nil {
						err = p.Write(b)
					}
				}
				over <- err
			})
			if _, err := server.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			receive(t, client, 1)
			end(proxy, client)
			if err := <-over; err == nil {
				t.Error("every write succeeded")
			}
			if err := proxy.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPaceAndFilter both decide what passes.
func TestPaceAndFilter(t *testing.T) {
	_, err := harness.StartProxy("127.0.0.1:1", harness.Options{
		Filter: func(int) harness.Filter { return &echoFilter{} }, Pace: func(context.Context, harness.Pacing) {},
	})
	if !errors.Is(err, harness.ErrBadInput) || !strings.Contains(err.Error(), "Pace") {
		t.Errorf("%v", err)
	}
}
