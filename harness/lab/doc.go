// Package lab is what the author of a scenario needs: hosts, connections that
// remember what was done with them, toy servers and the routes to them.
//
//	l := lab.New()
//	defer l.Close()
//	server, err := lab.Serve(l.Host("server"), servers.ReadOneByteThenClose)
//	address, err := l.Reach(server, lab.Proxied)
//	conn, err := l.Host("client").Dial(ctx, address)
//	...
//	saw := conn.Outcome() // which call failed first, and how
//
// A [Lab] is one run: its hosts, its [Journal], its proxies. A [Host] is where
// an endpoint lives; it opens each [Conn], whose [Outcome] is the evidence of
// that end: the kernel hands the error of a reset out once, so the first call
// that failed counts, and the later ones tell the sequence. A [Handler] serves
// one connection and decides how it ends; a [Server] accepts for it.
package lab
