package causes

// Pointers that several phrases share. noReply is a connection that ended
// between a request and the first byte of its reply, cutReply one that ended
// within the reply, handshake one that ended before TLS was agreed on.
//
// clientReset is a reset that a client sees whose words do not tell more.
var (
	clientReset = []Pointer{
		{"idle-timeout", Possible, "the connection was used before and had been idle; a fresh one works"},
		{"restarted", Possible, "the server was restarted, deployed anew or failed over about then"},
		{"upstream-refuses", Possible, "it comes right after connecting through a proxy or published port, each time"},
		{"unread", Possible, "it comes at or before the reply, each time for the same request"},
		{"killed", Possible, "the server's process died then"},
		{"refused-upload", Possible, "it comes while a large body is being sent"},
		{"tls-to-plain", Possible, "it comes at the first bytes, each time: is it the right port and scheme?"},
		{"linger-zero", Possible, "it comes each time after the same delay, or the server's log has a time-out or refusal"},
		{"accept-queue-full", Possible, "it comes right after connecting, under load"},
		{"flow-expired", Possible, "it comes after minutes of silence, through a NAT, firewall or load balancer"},
		{"firewall-rejects", Possible, "it comes each time towards this server, and its own capture has no such RST"},
		{"forged", Possible, "it comes for some names only, and not through a tunnel"},
	}
	noReply = []Pointer{
		{"idle-timeout", Likely, "the connection was used before (keep-alive, a pool) and had been idle: a fresh " +
			"one works"},
		{"killed", Possible, "the server's process died or was restarted over this request"},
		{"upstream-refuses", Possible, "there is a proxy, a published port or a port-forward, and it fails each " +
			"time"},
		{"restarted", Possible, "the server was deployed anew or failed over then"},
		{"plain-to-tls", Possible, "it fails each time: is the port one for TLS (https)?"},
		{"unread", Possible, "it fails each time for the same request"},
		{"proxy-hid-it", Possible, "a proxy on the way may have turned a reset into an end, or the reverse"},
	}
	cutReply = []Pointer{
		{"truncated", Likely, "the server or a proxy gave up while it was sending"},
		{"killed", Possible, "the server's process died then"},
		{"flow-expired", Possible, "the reply paused for minutes"},
		{"cut-mid-reply", Possible, "the request changes something: it was executed"},
		{"proxy-hid-it", Possible, "a proxy on the way may have turned a reset into an end, or the reverse"},
	}
	handshake = []Pointer{
		{"tls-to-plain", Possible, "it fails each time, and the port may be one for plain text"},
		{"upstream-refuses", Possible, "there is a load balancer or proxy, and nobody behind it"},
		{"client-certificate-missing", Possible, "the server wants a certificate of its clients"},
		{"bad-certificate", Possible, "the other end's log says that it does not accept the certificate"},
		{"firewall-rejects", Possible, "it fails each time for this server name and works through another network"},
		{"forged", Possible, "it fails for some server names only: whoever resets it has read the ClientHello"},
		{"accept-queue-full", Possible, "it fails now and then, under load"},
	}
	settleHandshake = []string{
		"openssl s_client -connect HOST:PORT -servername HOST shows how far the handshake comes, and any alert.",
		"What does the other end's log say? Does plain http work on the same port?",
		"A capture shows FIN or RST, and behind which message of the handshake.",
	}
	settleReply = []string{
		"Was the connection fresh or reused? Log the local port: the same as for the request before means reused.",
		"What does the server's log say for this request? Nothing at all means that it never read it.",
		"Whether the request was executed, only the server knows: retry what may be done twice.",
	}
)
