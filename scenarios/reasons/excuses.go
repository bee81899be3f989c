package reasons

import (
	"slices"

	"github.com/resetlab/resetlab/harness/tcp"
)

// excuses are why some reasons are not provoked, by Linux 6.12 to 6.18.
var excuses = map[string]string{
	"NOT_SPECIFIED": "out of reach: a default that no path of TCP has been found to leave standing",
	"TCP_OLD_ACK": "out of reach: before the handshake is complete nothing older than the last " +
		"acknowledgement is let through (net/ipv4/tcp_input.c, tcp_ack)",
	"TCP_ABORT_ON_MEMORY": "left out: tcp_max_orphans and tcp_mem are of the whole machine, " +
		"whose settings are not touched",
	"MPTCP_RST_ERESOURCE": "unused: the kernel never raises it (net/mptcp)",
	"MPTCP_RST_EWQ2BIG":   "unused: the kernel never raises it (net/mptcp)",
	"MPTCP_RST_EBADPERF":  "unused: the kernel never raises it (net/mptcp)",
	"ERROR":               "out of reach: a default for a cause that Multipath TCP does not have",
}

// excuse says why no scenario provokes a reason, "" if one should.
func excuse(reason string) string {
	if !slices.Contains(tcp.Reasons(), tcp.Reason(reason)) {
		return "new in this kernel: no scenario knows it"
	}
	return excuses[reason]
}
