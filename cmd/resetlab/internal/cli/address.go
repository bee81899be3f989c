package cli

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
)

// parseListen reads an address to listen on: an IP and a port, or a port
// alone, which means the loopback. Port 0 is a free one.
func parseListen(text string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = "", text
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, badInputf("listen on %q: want an IP and a port, as 127.0.0.1:7000", text)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, badInputf("listen on %q: the port must be a number from 0 to 65535", text)
	}
	return netip.AddrPortFrom(ip, uint16(number)), nil
}

// warnUnlessLoopback warns that others can reach what misbehaves on purpose.
func warnUnlessLoopback(w io.Writer, at netip.AddrPort) {
	if !at.Addr().IsLoopback() {
		fmt.Fprintf(w, "resetlab: warning: %s is not a loopback address: whoever reaches this machine reaches this\n", at)
	}
}
