// Package audit puts a client through every fault point and says what became
// of it. The verdict comes from what the server executed, never from the
// client's word.
//
//	report, err := audit.Run(ctx, audit.Subject{
//		Name:     "shop client",
//		Protocol: protocols.HTTP1(),
//		Origin:   origin, // origins.StartHTTP
//		Open:     func(ctx context.Context, to audit.Target) (audit.Client, error) { ... },
//	})
//
// A [Protocol] names the [Place]s of a conversation at which a [Fault] can
// strike. A [Cell] is one place, fault, repetition and operation; each has a
// proxy, a client and connections of its own, and one [Verdict].
//
// TLS goes in front of any protocol. An [Authority] issues certificates for
// whatever name or address the client dials, so that nothing of the client
// changes but whom it trusts:
//
//	authority, err := audit.NewAuthority()
//	...
//	subject.TLS = authority.Server("h2", "http/1.1") // by ALPN; nothing for protocols without
//	transport.TLSClientConfig = &tls.Config{RootCAs: authority.Pool()}
//
// The proxy then speaks TLS with the client and plain text with the origin. A
// client that dials a name of its own resolves it to the host of
// [Target.Address].
package audit
