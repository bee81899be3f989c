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
package audit
