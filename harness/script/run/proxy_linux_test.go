package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// TestProxies: how an end is passed on by ResetLab's proxy, and by a stock one,
// and that no line is over before it is.
func TestProxies(t *testing.T) {
	for range 2 {
		holds(t, "testdata/proxies.try")
	}
}

// TestProxyRecording: the recording has both connections, with the proxy between,
// and who sent each RST.
func TestProxyRecording(t *testing.T) {
	r := start(t, run.Options{Evidence: true})
	for _, test := range []struct {
		stock  bool
		resets []string // from whom
	}{
		{false, []string{"client", "proxy"}},
		{true, []string{"client"}},
	} {
		s, err := parse(t, `client write "ab"; client abort; server read 10`).ByProxy(test.stock)
		if err != nil {
			t.Fatal(err)
		}
		result, err := r.Run(t.Context(), s)
		if err != nil || result.Answer.Stopped != "" {
			t.Fatalf("%v\n%s", err, result.Answer.Text())
		}
		var hosts, resets []string
		for _, host := range result.Recording.Hosts {
			hosts = append(hosts, host.Name)
			if host.Proxy != (host.Name == script.Proxy) {
				t.Errorf("%s is a proxy: %v", host.Name, host.Proxy)
			}
		}
		for _, reset := range result.Recording.Resets {
			resets = append(resets, reset.Host)
		}
		if len(result.Recording.Flows) != 2 || !slices.Equal(hosts, []string{"client", "proxy", "server"}) {
			t.Errorf("%d connections of %v, want 2 of client, proxy and server", len(result.Recording.Flows), hosts)
		}
		if !slices.Equal(resets, test.resets) {
			t.Errorf("stock %v: resets from %v, want %v", test.stock, resets, test.resets)
		}
		var card strings.Builder
		err = report.Card(&card, result.Recording, report.CardOptions{Width: 100})
		if err != nil || !strings.Contains(card.String(), "client:") || !strings.Contains(card.String(), "→ proxy:") {
			t.Errorf("%v\n%s", err, card.String())
		}
	}
}

// TestProxyFaults: what is wrong with the proxy's line shows when it runs, and
// nothing of a proxy is left behind.
func TestProxyFaults(t *testing.T) {
	r := start(t, run.Options{})
	once(t, r, parse(t, `proxy between client and listener; client abort`))
	open := held(t)
	result, err := r.Run(t.Context(), parse(t, `listener socket; proxy between client and listener`))
	const want = `listener has no address: it neither listens nor is bound`
	if err != nil || !strings.Contains(result.Answer.Stopped, want) {
		t.Errorf("got %q, %v, want %q", result.Answer.Stopped, err, want)
	}
	for _, text := range []string{`proxy between client and listener; client read 1`, `proxy between client and listener stock; server read 1`} {
		result, err := r.Run(t.Context(), parse(t, text))
		if err != nil || len(result.Answer.Waiting) != 1 {
			t.Errorf("%v\n%s", err, result.Answer.Text())
		}
	}
	if now := heldAtLast(t, open); now.goroutines > open.goroutines || now.descriptors > open.descriptors {
		t.Errorf("%v, and before these scripts %v", now, open)
	}
}
