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
// Package point has the words for where a fault strikes, and the matrix of them:
// each cell has a proxy, a client and connections of its own. Package verdict has
// those for what the client made of it, and the report.
//
// TLS goes in front of any protocol: see [Authority]. A client that dials a name
// of its own resolves it to the host of [Target.Address].
package audit
