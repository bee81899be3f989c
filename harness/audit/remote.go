package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// A Remote is a toxiproxy-server between a client and a system that run on
// other machines or in containers. It must have been started with
// -proxy-metrics: its counters are how a strike is proved.
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

// RunRemote audits a client with the faults of a toxiproxy-server: those of
// [RemoteMatrix], one cell after the other. An error before the first cell says
// what cannot be used or reached; later it is as with [Run].
//
// Each cell has a proxy of its own, which is deleted with it, and nothing else
// at the server is touched. What its counters do not show is not judged: no
// attempts are listed, no result is [Late], and [Storm] needs a place behind a
// byte. A packet that the network loses behind a reset stays lost.
func RunRemote(ctx context.Context, s Subject, remote Remote, o Options) (report *Report, err error) {
	cells, err := RemoteMatrix(s, o)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	o.Parallel = 1
	r := newRun(&s, o)
	defer r.pulse.start(context.WithoutCancel(ctx))()
	server, err := remote.reach(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, server.clear()) }()
	for _, operation := range Operations() {
		if !performed(cells, operation) {
			continue
		}
		rehearsal, err := r.rehearseAt(ctx, server, operation)
		if err == nil {
			err = rehearsal.wrong()
		}
		if err != nil {
			return nil, fmt.Errorf("audit: %s through %s: %w", operation, remote.URL, err)
		}
	}
	report, err = r.report(ctx, cells, func(ctx context.Context, cell Cell) Result {
		return r.tryRemote(ctx, server, cell)
	})
	report.Untried = untriedRemote(o)
	report.Places = append(report.Places, byteNotes(report.Cells)...)
	return report, err
}

// RehearseRemote is [Rehearse] through a toxiproxy-server. Its Places are the
// first bytes in each direction, where some have passed.
func RehearseRemote(ctx context.Context, s Subject, remote Remote, p Operation, l Limits) (r Rehearsal, err error) {
	if err := s.check(); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	run := newRun(&s, Options{Limits: l})
	defer run.pulse.start(context.WithoutCancel(ctx))()
	server, err := remote.reach(ctx, run)
	if err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	defer func() { err = errors.Join(err, server.clear()) }()
	if r, err = run.rehearseAt(ctx, server, p); err != nil {
		return r, fmt.Errorf("rehearse: %s through %s: %w", p, remote.URL, err)
	}
	return r, nil
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
