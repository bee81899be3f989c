package netlab

import (
	"errors"
	"fmt"
	"net/netip"
)

// A Hook is where a rule looks at packets (nftables' hooks, nft(8)).
type Hook string

const (
	Input   Hook = "input"   // to the host itself
	Output  Hook = "output"  // from the host itself
	Forward Hook = "forward" // through the host
)

// A Verdict is what a rule does with the packets that it matches.
type Verdict string

const (
	Drop        Verdict = "drop"         // in silence
	RejectReset Verdict = "reject-reset" // with a TCP RST in the name of the other end
	RejectPort  Verdict = "reject-port"  // with ICMP port unreachable
	RejectHost  Verdict = "reject-host"  // with ICMP host unreachable
	RejectAdmin Verdict = "reject-admin" // with ICMP communication administratively prohibited
	// Corrupt changes two bytes of the payload of each TCP segment of 240 bytes
	// or more, headers included, makes the checksum fit, and lets it pass.
	Corrupt Verdict = "corrupt"
)

// A Rule says which IPv4 packets a host's firewall blocks, and how. Zero
// fields match everything; so does a zero address with a port but for the port.
type Rule struct {
	Hook        Hook
	Verdict     Verdict
	Source      netip.AddrPort
	Destination netip.AddrPort
	// Invalid matches only what connection tracking calls invalid.
	Invalid bool
	// Reset matches only segments with the RST flag.
	Reset bool
	// NoReset matches only segments without the RST flag.
	NoReset bool
	// NoSYN matches only segments without the SYN flag: a connection seems to
	// open to the client, whose ACK does not arrive.
	NoSYN bool
	// NotTTL, if not 0, matches only packets with another time to live.
	NotTTL uint8
}

// check says which field is wrong and what is allowed there.
func (r Rule) check() error {
	switch r.Hook {
	case Input, Output, Forward:
	default:
		return fmt.Errorf("rule: Hook is %q: allowed are input, output and forward", r.Hook)
	}
	switch r.Verdict {
	case Drop, RejectReset, RejectPort, RejectHost, RejectAdmin, Corrupt:
	default:
		return fmt.Errorf("rule: Verdict is %q: allowed are drop, reject-reset, reject-port, reject-host, "+
			"reject-admin and corrupt", r.Verdict)
	}
	for _, field := range []struct {
		name string
		addr netip.Addr
	}{{"Source", r.Source.Addr()}, {"Destination", r.Destination.Addr()}} {
		if field.addr.IsValid() && !field.addr.Is4() {
			return fmt.Errorf("rule: %s is %v: allowed is an IPv4 address", field.name, field.addr)
		}
	}
	if r.Hook == Output && r.Verdict == RejectReset && r.Destination == (netip.AddrPort{}) {
		return errors.New("rule: Destination is empty: at output, reject-reset needs one, or the rule " +
			"also rejects its own RST, which goes to the host itself")
	}
	return nil
}

// NAT redirects connections to one address to another, replies included
// (destination NAT with connection tracking).
type NAT struct {
	From netip.AddrPort // what clients connect to
	To   netip.AddrPort // who serves
}

func (n NAT) check() error {
	for _, field := range []struct {
		name string
		addr netip.AddrPort
	}{{"From", n.From}, {"To", n.To}} {
		if !field.addr.Addr().Is4() || field.addr.Port() == 0 {
			return fmt.Errorf("nat: %s is %v: allowed is an IPv4 address with a port", field.name, field.addr)
		}
	}
	if n.From == n.To {
		return errors.New("nat: From and To are the same")
	}
	return nil
}
