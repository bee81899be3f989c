package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Remote is a toxiproxy-server between a client and a system that run on
// other machines or in containers. It must have been started with
// -proxy-metrics: its counters are how a strike is proved.
//
// Each cell has a proxy of its own there, which is deleted with it, and nothing
// else at the server is touched. By default the cells are these, of which Options
// choose, to read and to write, one after the other:
//
//	P0/refuse/always        nobody listens
//	client@0/rst/always     the first byte toward the client is withheld: a RST to both ends
//	client@0/fin-rst/always a FIN instead, and a RST to what the client sends then
//	client@0/stall/always   no byte to the client; what it sends still arrives
//	client@1/rst/always     behind the first byte
//	client@1/fin-rst/always
//	server@0/rst/always     the client's first byte is withheld
//
// Options.Cells may have other bytes, up to 4096. An error names a cell that
// toxiproxy cannot do exactly, and why. What its counters do not show is not
// judged: no attempts are listed, no result is [verdict.Late], and [verdict.Storm] needs a place
// behind a byte. A packet that the network loses behind a reset stays lost.
type Remote struct {
	// URL is where its HTTP API is, such as http://toxiproxy:8474.
	URL string
	// Listen is the address, host:port, at which its proxies shall listen, as it
	// sees it. Port 0 is one of its kernel's choice. Zero means 127.0.0.1:0, if
	// URL is on this machine.
	Listen string
	// Address is where clients reach what listens there. Port 0 is the port at
	// which it listens. Zero means what the server reports, at the host of URL
	// if it listens at every address.
	Address string
	// Upstream is the address, host:port, of the system as the server reaches
	// it. Zero means that of the subject's origin, if it can be that.
	Upstream string
}

// reach connects to the server that strikes, if it is not this process. Until
// leave is called the run's trials go through it.
func (r *run) reach(ctx context.Context) (leave func() error, err error) {
	if r.subject.Remote == nil {
		return func() error { return nil }, nil
	}
	if r.server, err = r.subject.Remote.reach(ctx, r); err != nil {
		return nil, err
	}
	return r.server.clear, nil
}

// prove rehearses the operations of cells through a toxiproxy-server, before it
// strikes any: an address that is wrong fails, too.
func (r *run) prove(ctx context.Context, cells []point.Cell) error {
	if r.server == nil {
		return nil
	}
	for _, operation := range point.Operations() {
		if !slices.ContainsFunc(cells, func(c point.Cell) bool { return c.Operation == operation }) {
			continue
		}
		rehearsal, err := r.rehearse(ctx, operation, point.Place{})
		if err == nil {
			err = rehearsal.wrong()
		}
		if err != nil {
			return fmt.Errorf("%s through %s: %w", operation, r.subject.Remote.URL, err)
		}
	}
	return nil
}

// wrong says why an audit would prove nothing.
func (r Rehearsal) wrong() error {
	switch {
	case !r.Returned:
		return errors.New("the client does not come back, with nothing in its way")
	case r.Answer.Unimplemented:
		return nil
	case r.Answer.Err != nil:
		return fmt.Errorf("the client fails with nothing in its way: %w", r.Answer.Err)
	case len(r.Places) == 0:
		return errors.New("the client succeeds, and no byte passed the proxy: does it use the address it is given?")
	}
	return nil
}

// Check says what of the addresses cannot be used for a subject's origin at
// this address.
func (r Remote) Check(origin string) error {
	_, err := r.complete(origin)
	return err
}

// complete checks the addresses and fills in those that are missing.
func (r Remote) complete(origin string) (Remote, error) {
	if !strings.Contains(r.URL, "://") {
		r.URL = "http://" + r.URL
	}
	at, err := url.Parse(r.URL)
	if err != nil || at.Hostname() == "" || at.Scheme != "http" && at.Scheme != "https" {
		return r, fmt.Errorf("toxiproxy %q: want a URL, such as http://toxiproxy:8474", r.URL)
	}
	r.URL = strings.TrimSuffix(r.URL, "/")
	near := isLoopback(at.Hostname())
	if r.Listen == "" {
		if !near {
			return r, fmt.Errorf("toxiproxy is on another machine, %s: say at which of its addresses it shall listen",
				at.Host)
		}
		r.Listen = "127.0.0.1:0"
	}
	if r.Upstream == "" {
		host, _, _ := net.SplitHostPort(origin)
		if isLoopback(host) && !near {
			return r, fmt.Errorf("toxiproxy is on another machine, %s, and cannot reach %s: say how it reaches the server",
				at.Host, origin)
		}
		r.Upstream = origin
	}
	for _, given := range []struct{ name, address string }{
		{"listen", r.Listen}, {"address", r.Address}, {"upstream", r.Upstream},
	} {
		if given.name == "address" && given.address == "" {
			continue
		}
		_, port, err := net.SplitHostPort(given.address)
		if err != nil || port == "" || given.name == "upstream" && port == "0" {
			return r, fmt.Errorf("toxiproxy's %s is %q: want host:port", given.name, given.address)
		}
	}
	return r, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// clientsAt is where clients reach a proxy that listens at an address.
func (r Remote) clientsAt(listening string) (string, error) {
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return "", fmt.Errorf("toxiproxy listens at %q: %w", listening, err)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		at, _ := url.Parse(r.URL)
		host = at.Hostname()
	}
	if r.Address != "" {
		known, fixed, _ := net.SplitHostPort(r.Address)
		host = known
		if fixed != "0" {
			port = fixed
		}
	}
	return net.JoinHostPort(host, port), nil
}
