package causes

import "github.com/resetlab/resetlab/harness/tcp"

// above are the causes that lie in what is spoken over TCP.
var above = []Cause{
	{
		Name: "tls-to-plain", Group: "tls", Scenario: "tls-client-at-a-plain-server",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "the client speaks TLS and the server does not",
		Why: "The server takes the ClientHello for nonsense and closes. With a byte of it unread the close is a " +
			"RST; with an answer in plain text the client complains of a wrong version.",
		Cure: "Compare the port with the protocol (https on 443, http on 80; STARTTLS ports begin in plain " +
			"text). Try curl http:// on the same port.",
	},
	{
		Name: "plain-to-tls", Group: "tls", Scenario: "plain-client-at-a-tls-server",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "the server speaks TLS and the client does not",
		Why: "The server says so in an alert or a 400 and closes. A client that goes on writing gets the " +
			"reset and never reads it.",
		Cure: "Use TLS in the client (https://, sslmode=require), or the server's plain port.",
	},
	{
		Name: "bad-certificate", Group: "tls", Scenario: "bad-certificate",
		What: "one end does not accept the other's certificate",
		Why: "It says why in an alert and closes. A client that leaves without an alert is a reset or an end of " +
			"the stream to the server.",
		Cure: "openssl s_client -connect HOST:PORT -servername HOST shows the certificate and its date, names " +
			"and chain. Renew it, or give the client the authority that signed it.",
	},
	{
		Name: "client-certificate-missing", Group: "tls", Scenario: "missing-client-certificate",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "the server wants a certificate of the client, which sent none or a wrong one",
		Why: "In TLS 1.3 the client's handshake is over before the server has looked: its request lies unread, " +
			"and the close behind the alert is a RST.",
		Cure: "Give the client its certificate and key. The server's log has the reason; with TLS 1.2 (curl " +
			"--tls-max 1.2) the client is told in the handshake.",
	},
	{
		Name: "truncated", Group: "http", Scenario: "truncated-body",
		What: "a reply ended before it was complete",
		Why: "A length or chunks tell the client. Without either the end of the stream is the end of the reply, " +
			"and half of it passes for the whole.",
		Cure: "Look into the log of the server or proxy that sent the reply for that request (a crash, a " +
			"time-out, a full disk). Let it send a length or chunks, and let the client check.",
	},
}
