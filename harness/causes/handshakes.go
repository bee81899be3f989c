package causes

import "github.com/resetlab/resetlab/harness/tcp"

// handshakes are the causes that a segment does not belong to its connection.
var handshakes = []Cause{
	{
		Name: "stray-segment", Group: "segment", Scenario: "segments-at-a-listener",
		Reasons: []tcp.Reason{"TCP_FLAGS", "INVALID_SYN"},
		What:    "a listener got a segment that belongs to no handshake of its own",
		Why: "Mostly a connection from before the server's restart; also an ACK scan, a SYN cookie that has " +
			"expired, or a second SYN within a handshake.",
		Cure: "See whether the server was restarted or its accept queue overflowed (nstat " +
			"TcpExtListenOverflows). A few of them from the Internet are scanners and need nothing.",
	},
	{
		Name: "wrong-answer-to-syn", Group: "segment", Scenario: "syn-answered-by-something-else",
		Reasons: []tcp.Reason{"TCP_INVALID_ACK_SEQUENCE", "TCP_RFC7323_PAWS"},
		What:    "the answer to a SYN was that to another one",
		Why: "The other end holds an old connection of the same ports, or somebody guesses. The client " +
			"resets it and waits on.",
		Cure: "One now and then is harmless. Many: look for a NAT that reuses ports too soon, or for forged " +
			"answers.",
	},
	{
		Name: "simultaneous-open", Group: "segment", Scenario: "simultaneous-open",
		Reasons: []tcp.Reason{"TCP_ACK_UNSENT_DATA", "TCP_TOO_OLD_ACK"},
		What:    "two ends connected to each other at the same time, and one acknowledged something else",
		Why:     "Between the SYNs and the ACK such a segment is answered with RST, and the handshake goes on.",
		Cure:    "None is needed unless the handshake fails: then capture it and see which end invents the number.",
	},
	{
		Name: "time-wait-assassinated", Group: "segment", Scenario: "time-wait-assassination",
		What: "a delayed segment ended TIME-WAIT before its time",
		Why: "It is answered with an ACK, which the other end, that is done, answers with RST (RFC 1337). No " +
			"program sees an error.",
		Cure: "None is needed. net.ipv4.tcp_rfc1337=1 ignores such a RST.",
	},
	{
		Name: "inexact-reset", Group: "segment", Scenario: "reset-out-of-order",
		What: "a RST had not exactly the next sequence number, and was challenged or ignored",
		Why:  "The connection lives on (RFC 5961): a RST that overtook data, or somebody's guess.",
		Cure: "None is needed. Where the connection ends all the same, look for the second RST, which was exact.",
	},
	{
		Name: "signature-missing", Group: "segment", Scenario: "signature-missing",
		What: "the server wants every segment signed (TCP-MD5), and drops what is not",
		Why:  "It says nothing: the client times out and sees no RST.",
		Cure: "Set the same key at both ends (BGP: the neighbour's password). nstat TcpExtTCPMD5NotFound counts " +
			"such segments.",
	},
	{
		Name: "subflow-rejected", Group: "segment", Scenario: "joining-a-multipath-connection",
		Reasons: []tcp.Reason{"MPTCP_RST_EMPTCP", "MPTCP_RST_EPROHIBIT", "MPTCP_RST_EUNSPEC"},
		What:    "a Multipath TCP subflow was not let in",
		Why: "Its token is unknown, or there are more than allowed. The connection goes on over the subflows " +
			"that it has.",
		Cure: "See ip mptcp limits and ip mptcp endpoint at both ends. Behind a load balancer that spreads by " +
			"port, subflows reach machines that do not know the token: pin them, or switch Multipath TCP off.",
	},
	{
		Name: "changed-on-the-way", Group: "middlebox", Scenario: "multipath-corrupted-on-the-way",
		Reasons: []tcp.Reason{"MPTCP_RST_EMIDDLEBOX"},
		What:    "a device between changed Multipath TCP's data or options",
		Why: "The checksum does not fit, the subflow is reset and its data sent again over another. Over " +
			"plain TCP nobody would notice.",
		Cure: "Find the device by tracing one subflow's way (a transparent proxy, an ALG), or leave that way " +
			"out of ip mptcp endpoint.",
	},
}
