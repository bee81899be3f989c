package harness_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// A shop's reply gets lost, and its client asks again. This is the whole test.
func TestCheckoutSurvivesALostReply(t *testing.T) {
	shop, orders := NewShop(t)
	proxy := harness.Start(t, shop.Listener.Addr().String())
	cut := proxy.Cut(harness.Cut{Toward: harness.Client, Times: 1}) // withhold the next reply

	err := NewClient("http://"+proxy.Addr()).Checkout(t.Context(), "order-7")

	if err != nil {
		t.Errorf("checkout: %v", err)
	}
	if n := orders("order-7"); n != 1 {
		t.Errorf("charged %d times", n)
	}
	if !cut.Struck() {
		t.Error("the fault never struck: this proved nothing")
	}
}

func Example() {
	shop := httptest.NewServer(http.NotFoundHandler())
	defer shop.Close()
	proxy, err := harness.StartProxy(shop.Listener.Addr().String(), harness.Cut{Toward: harness.Client})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer proxy.Close()

	_, err = http.Get("http://" + proxy.Addr())

	cut := proxy.Cuts()[0]
	fmt.Println("the client saw:", harness.EndingOf(err))
	fmt.Println(cut.Cut)
	fmt.Println("struck:", cut.Struck)
	// Output:
	// the client saw: reset
	// cut after 0 bytes toward the client: reset to both
	// struck: true
}
