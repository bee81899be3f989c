package audit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/prometheus/common/expfmt"
)

// A remoteServer is a toxiproxy-server that has been reached, and what is ours
// there.
type remoteServer struct {
	Remote
	client *toxiproxy.Client
	prefix string // of the names of our proxies
	made   int
	ours   []*toxiproxy.Proxy // those that exist
}

// noCounters is what to do about a server that proves nothing.
const noCounters = "it does not count what passes: start it as toxiproxy-server -proxy-metrics"

// reach connects to the server. It counts only if it was told so.
func (r Remote) reach(ctx context.Context, of *run) (*remoteServer, error) {
	complete, err := r.complete(of.subject.Origin.Addr())
	if err != nil {
		return nil, err
	}
	s := &remoteServer{Remote: complete, client: toxiproxy.NewClient(complete.URL), prefix: "resetlab-" + of.idPrefix}
	s.client.UserAgent = "resetlab"
	if _, err := s.get(ctx, "/version"); err != nil {
		return nil, fmt.Errorf("reach toxiproxy-server: %w", err)
	}
	if _, err := s.get(ctx, "/metrics"); err != nil {
		return nil, fmt.Errorf("toxiproxy-server at %s: %s (%w)", s.URL, noCounters, err)
	}
	return s, nil
}

// get asks for what the module's client has no call for, or no context.
func (s *remoteServer) get(ctx context.Context, path string) (counters, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", s.client.UserAgent)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", request.URL, response.Status)
	}
	if path != "/metrics" {
		return nil, nil
	}
	families, err := new(expfmt.TextParser).TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", request.URL, err)
	}
	all := counters{}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			key := counter{name: name}
			for _, label := range metric.GetLabel() {
				switch label.GetName() {
				case "proxy":
					key.proxy = label.GetValue()
				case "direction":
					key.stream = label.GetValue()
				}
			}
			all[key] += int64(metric.GetCounter().GetValue())
		}
	}
	return all, nil
}

// counters are those of the server. They grow when a connection ends.
type counters map[counter]int64

type counter struct{ name, proxy, stream string }

// passed are the bytes of a proxy in one direction.
type passed struct{ received, sent int64 }

func (c counters) passed(proxy, stream string) passed {
	return passed{
		received: c[counter{"toxiproxy_proxy_received_bytes_total", proxy, stream}],
		sent:     c[counter{"toxiproxy_proxy_sent_bytes_total", proxy, stream}],
	}
}

// strikes says how often it is proved that a cut behind the n-th byte struck.
// At 0 what was received was withheld. At 1 each byte that was sent was cut
// behind. Elsewhere connections that were not struck can add up to as much, but
// those pass all that they receive.
func (p passed) strikes(n int64) int {
	switch {
	case n == 0 && p.received > 0:
		return 1
	case n > 0 && p.sent > 0 && p.sent%n == 0 && (n == 1 || p.received > p.sent):
		return int(p.sent / n)
	}
	return 0
}

// start starts a proxy with toxics from its first connection on.
func (s *remoteServer) start(listen string, toxics []toxiproxy.Toxic) (*toxiproxy.Proxy, error) {
	s.made++
	proxy := s.client.NewProxy()
	proxy.Name, proxy.Listen, proxy.Upstream = fmt.Sprintf("%s%d", s.prefix, s.made), listen, s.Upstream
	if err := proxy.Save(); err != nil {
		return nil, fmt.Errorf("create a proxy: %w", err)
	}
	s.ours = append(s.ours, proxy)
	for _, t := range toxics {
		if _, err := proxy.AddToxic(t.Name, t.Type, t.Stream, t.Toxicity, t.Attributes); err != nil {
			return nil, errors.Join(fmt.Errorf("toxic %s: %w", t.Type, err), s.delete(proxy))
		}
	}
	if err := proxy.Enable(); err != nil {
		return nil, errors.Join(fmt.Errorf("listen at %s: %w%s", listen, err, s.holder(listen)), s.delete(proxy))
	}
	return proxy, nil
}

// holder names the proxy of the server that has an address already.
func (s *remoteServer) holder(listen string) string {
	proxies, err := s.client.Proxies()
	if err != nil {
		return ""
	}
	for name, p := range proxies {
		if p.Enabled && p.Listen == listen {
			return fmt.Sprintf(": the server's proxy %q is there", name)
		}
	}
	return ""
}

// delete deletes a proxy of ours, which ends its connections.
func (s *remoteServer) delete(proxy *toxiproxy.Proxy) error {
	if !slices.Contains(s.ours, proxy) {
		return nil
	}
	var gone *toxiproxy.ApiError
	if err := proxy.Delete(); err != nil && !(errors.As(err, &gone) && gone.Status == http.StatusNotFound) {
		return fmt.Errorf("proxy %s is left at %s: %w", proxy.Name, s.URL, err)
	}
	s.ours = slices.DeleteFunc(s.ours, func(p *toxiproxy.Proxy) bool { return p == proxy })
	return nil
}

// clear deletes what is still there.
func (s *remoteServer) clear() error {
	var problems []error
	for _, proxy := range slices.Clone(s.ours) {
		problems = append(problems, s.delete(proxy))
	}
	return errors.Join(problems...)
}

// await asks for the counters until they are as wanted, or for a while: they
// are written when a connection has ended, and nothing tells when.
func (s *remoteServer) await(
	ctx context.Context, patience time.Duration, enough func(counters) bool,
) (counters, error) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(patience / 100)
	defer tick.Stop()
	for {
		now, err := s.get(ctx, "/metrics")
		if err != nil || enough(now) || bounded.Err() != nil {
			return now, err
		}
		select {
		case <-tick.C:
		case <-bounded.Done():
		}
	}
}
