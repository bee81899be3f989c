package harness_test

import (
	"errors"
	"net"
	"net/url"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/resetlab/resetlab/harness"
)

// startStock starts a plain toxiproxy until the test ends.
func startStock(t testing.TB, upstream net.Addr) *harness.StockProxy {
	t.Helper()
	stock, err := harness.StartStockProxy(upstream.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stock.Close(); err != nil {
			t.Error(err)
		}
	})
	return stock
}

// What a plain toxiproxy makes of a reset is why the other proxy is there.
func TestAPlainToxiproxyLaundersResets(t *testing.T) {
	for _, way := range ways {
		t.Run("of the "+string(way.actor), func(t *testing.T) {
			upstream := listen(t, "127.0.0.1:0")
			stock := startStock(t, upstream.Addr())
			for range 50 {
				client := dial(t, stock.Addr())
				acts, watches := byParty(way.actor, client, accept(t, upstream))
				send(t, watches, 1)
				receive(t, acts, 1)
				send(t, acts, 100)
				receive(t, watches, 100)
				abort(t, acts)
				expectEnd(t, "the other end", watches, 0, harness.Finished)
				watches.Close()
			}
		})
	}
}

func TestThePlainToxiproxysAPI(t *testing.T) {
	upstream := listen(t, "127.0.0.1:0")
	stock := startStock(t, upstream.Addr())
	address, err := stock.ServeAPI()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := stock.ServeAPI(); again != address || err != nil {
		t.Errorf("asked again: %q, %v, want %q", again, err, address)
	}
	expectLoopback(t, address)

	proxy, err := toxiproxy.NewClient(address).Proxy(stock.Name())
	if err != nil {
		t.Fatal(err)
	}
	if proxy.Listen != stock.Addr() || proxy.Upstream != upstream.Addr().String() || !proxy.Enabled {
		t.Errorf("the API says %+v", proxy)
	}
	_, err = proxy.AddToxic("", "reset_peer", "downstream", 1, toxiproxy.Attributes{"timeout": 0})
	if err != nil {
		t.Fatal(err)
	}
	client, server := dial(t, stock.Addr()), accept(t, upstream)
	send(t, server, 100)
	expectEnd(t, "the client", client, 0, harness.Reset)

	if err := proxy.Disable(); err != nil {
		t.Fatal(err)
	}
	_, err = net.Dial("tcp", stock.Addr())
	if got := harness.EndingOf(err); got != harness.Refused {
		t.Errorf("a disabled proxy: %v, want connection refused", err)
	}
}

// expectLoopback says that a URL's host is an address of this machine alone.
func expectLoopback(t *testing.T, address string) {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if ip := net.ParseIP(parsed.Hostname()); ip == nil || !ip.IsLoopback() {
		t.Errorf("the API is at %s, want it on the loopback", address)
	}
}

func TestClosingThePlainToxiproxyLeavesNothing(t *testing.T) {
	before := inventory()
	t.Run("closed", func(t *testing.T) {
		upstream := listen(t, "127.0.0.1:0")
		stock := startStock(t, upstream.Addr())
		address, err := stock.ServeAPI()
		if err != nil {
			t.Fatal(err)
		}
		client, server := dial(t, stock.Addr()), accept(t, upstream)
		send(t, client, 100)
		receive(t, server, 100)
		for range 2 { // the second does nothing
			if err := stock.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, closed := range []string{stock.Addr(), address[len("http://"):]} {
			_, err := net.Dial("tcp", closed)
			if got := harness.EndingOf(err); got != harness.Refused {
				t.Errorf("%s: %v, want connection refused", closed, err)
			}
		}
		if _, err := stock.ServeAPI(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("its API: %v, want net.ErrClosed", err)
		}
	})
	expectInventory(t, before)
}
