package harness_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// unread makes the proxy leave a byte of the client unread.
var unread = harness.Options{Unread: true}

func TestARSTOfUnreadData(t *testing.T) {
	nothing := func(*testing.T, *harness.Proxy, *net.TCPConn) {}
	exchange := func(t *testing.T, _ *harness.Proxy, server *net.TCPConn) {
		receive(t, server, 100)
		send(t, server, 50)
	}
	for name, test := range map[string]struct {
		cut       *harness.Cut
		sends     int // the client, first
		then      func(*testing.T, *harness.Proxy, *net.TCPConn)
		delivered int64
		unread    bool
	}{
		"by a cut at a byte of the client's":  {&harness.Cut{Toward: harness.Server, After: 10}, 100, nothing, 0, true},
		"by a cut at the client's first byte": {&harness.Cut{Toward: harness.Server}, 1, nothing, 0, true},
		"by a cut behind part of the reply":   {&harness.Cut{Toward: harness.Client, After: 20}, 100, exchange, 20, true},
		"by a cut of one that has sent much":  {&harness.Cut{Toward: harness.Server, After: 60_000}, 60_000, nothing, 0, true},
		"by a cut of one that has sent nothing": {&harness.Cut{Toward: harness.Client}, 0,
			func(t *testing.T, _ *harness.Proxy, server *net.TCPConn) { send(t, server, 1) }, 0, false},
		"by a cut now": {nil, 100, func(t *testing.T, proxy *harness.Proxy, server *net.TCPConn) {
			receive(t, server, 100)
			if _, err := proxy.Cut(harness.Cut{Now: true}); err != nil {
				t.Fatal(err)
			}
		}, 0, true},
		"by the server": {nil, 100, func(t *testing.T, proxy *harness.Proxy, server *net.TCPConn) {
			exchange(t, proxy, server)
			await(t, "the reply", func() bool { return passed(proxy, harness.Client) == 50 })
			abort(t, server)
		}, 50, true},
	} {
		t.Run(name, func(t *testing.T) {
			options := []harness.Option{unread}
			if test.cut != nil {
				options = append(options, *test.cut)
			}
			proxy, client, server := between(t, options...)
			send(t, client, test.sends)
			test.then(t, proxy, server)
			expectEnd(t, "the client", client, test.delivered, harness.Reset)
			awaitIdle(t, proxy)
			if got := proxy.Connections()[0].Unread; got != test.unread {
				t.Errorf("unread data made the RST: %t, want %t", got, test.unread)
			}
		})
	}
}

// What a byte that stays unread keeps of the receive buffer must not close the
// window to what comes behind it.
func TestOneByteBehindPassesEveryByte(t *testing.T) {
	for _, most := range []int{1, 100, 5_000, 100_000, 1 << 20} {
		_, client, server := between(t, unread)
		sent := make(chan []byte, 1)
		go func() {
			digest := sha256.New()
			stream := io.LimitReader(rand.NewChaCha8([32]byte{1}), int64(min(2000*most, 8<<20)))
			for err := error(nil); err == nil; { // in pieces of any size
				_, err = io.CopyN(io.MultiWriter(digest, client), stream, int64(1+rand.IntN(most)))
			}
			client.CloseWrite()
			sent <- digest.Sum(nil)
		}()
		got := sha256.New()
		n, err := io.Copy(got, server)
		client.Close()
		if want := <-sent; err != nil || n == 0 || !bytes.Equal(got.Sum(nil), want) {
			t.Errorf("pieces of up to %d: %d bytes arrived, %v: want those that were sent", most, n, err)
		}
	}
}
