package claims

// The FAQ on layer-4 health checks (elb).
const (
	NIOAbruptClient  ID = "nio-abrupt-client"
	ProbeSuccess     ID = "probe-success"
	ProbeTimeout     ID = "probe-timeout"
	ProbeHalfOpen    ID = "probe-half-open"
	ProbeUnavoidable ID = "probe-unavoidable"
	ProbeIgnorable   ID = "probe-ignorable"
)

func healthChecks() []Claim {
	return []Claim{
		{ID: NIOAbruptClient, Document: "elb", Seen: []string{"read: reset"},
			Says: "an NIO server's read fails with ECONNRESET when a client goes away without saying so",
			Words: map[string]string{
				"java": "Java 17 throws SocketException \"Connection reset\", and again at each further read, where C, Go and " +
					"Python read the end of the stream; the document's IOException \"Connection reset by peer\" is, by its " +
					"source, JDK 8's (FileDispatcherImpl.read0)",
			}},
		{ID: ProbeSuccess, Document: "elb", Seen: []string{"accepted, then read: reset"},
			Says: "the checker completes the handshake, calls the backend healthy and sends RST",
			Real: map[string]string{
				"haproxy": "HAProxy's layer-4 checks send RST in the place of the last ACK (TCP_QUICKACK off), so that no " +
					"connection is made for the server to accept",
			}},
		{ID: ProbeTimeout, Document: "elb", Seen: []string{"unhealthy, RST"},
			Says: "no SYN-ACK in time: unhealthy, and the checker sends RST"},
		{ID: ProbeHalfOpen, Document: "elb", Seen: []string{"never accepted"},
			Says: "a RST in the place of the last ACK never reaches the application"},
		{ID: ProbeUnavoidable, Document: "elb", Seen: []string{"3 of 3 probes seen"},
			Says: "the application cannot avoid the error"},
		{ID: ProbeIgnorable, Document: "elb", Seen: []string{"served 20 of 20 clients, logged 0 errors"},
			Says: "the error is justified and can be ignored"},
	}
}
