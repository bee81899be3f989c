package harness_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// NewShop starts a shop until the test ends. It charges an order once for each
// Idempotency-Key, and once for each request that has none; orders tells how
// often.
func NewShop(t *testing.T) (shop *httptest.Server, orders func(order string) int) {
	var mu sync.Mutex
	charged, seen := map[string]int{}, map[string]bool{}
	shop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		order, key := r.FormValue("order"), r.Header.Get("Idempotency-Key")
		if key == "" || !seen[key] {
			charged[order]++
		}
		seen[key] = true
		fmt.Fprintln(w, "thank you")
	}))
	t.Cleanup(shop.Close)
	return shop, func(order string) int {
		mu.Lock()
		defer mu.Unlock()
		return charged[order]
	}
}

// Client buys in a shop. Where a reply gets lost it asks again.
type Client struct {
	url        string
	idempotent bool // it sends an Idempotency-Key, so that the shop knows a repetition
	http       http.Client
}

func NewClient(url string) *Client {
	once := &http.Transport{DisableKeepAlives: true} // each request on a connection of its own
	return &Client{url: url, idempotent: true, http: http.Client{Transport: once}}
}

func (c *Client) Checkout(ctx context.Context, order string) (err error) {
	for range 3 {
		var request *http.Request
		if request, err = http.NewRequestWithContext(ctx, "POST", c.url+"?order="+order, nil); err != nil {
			return err
		}
		if c.idempotent {
			request.Header.Set("Idempotency-Key", order)
		}
		var reply *http.Response
		if reply, err = c.http.Do(request); err == nil {
			return reply.Body.Close()
		}
	}
	return fmt.Errorf("check out %s: %w", order, err)
}

// The same fault shows what a client does that repeats without a key.
func TestALostReplyShowsADoubleCharge(t *testing.T) {
	shop, orders := NewShop(t)
	proxy := start(t, shop.Listener.Addr(), harness.Cut{Toward: harness.Client, Times: 1})
	careless := NewClient("http://" + proxy.Addr())
	careless.idempotent = false

	if err := careless.Checkout(t.Context(), "order-7"); err != nil {
		t.Errorf("checkout: %v", err)
	}
	if n := orders("order-7"); n != 2 {
		t.Errorf("charged %d times, want the double charge to show", n)
	}
}

// And what one sees that every reply is withheld from.
func TestALastingFaultReachesTheCaller(t *testing.T) {
	shop, _ := NewShop(t)
	proxy := start(t, shop.Listener.Addr(), harness.Cut{Toward: harness.Client})
	err := NewClient("http://"+proxy.Addr()).Checkout(t.Context(), "order-7")
	if got := harness.EndingOf(err); got != harness.Reset {
		t.Errorf("got %v, want a reset", err)
	}
	if n := len(proxy.Cuts()[0].Strikes); n != 3 {
		t.Errorf("struck %d times, want each of the three tries", n)
	}
}
