// Package netlab makes private networks: hosts, links, routers and firewalls,
// without privilege wherever user namespaces are allowed. Linux, IPv4.
//
//	l := lab.New()
//	client, router, server, err := netlab.Triple(l) // l.Host("client") … live there now
//	rule, err := router.Block(netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectReset})
//	err = rule.Lift()
//
//	tap, err := router.Tap()                     // what passes by
//	segment, err := tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
//	err = router.Forge(netlab.Segment{…})        // in anybody's name
//
//	err = server.Forget(conn)                    // as a crash does, without a word
//	peer, err := server.Peer()                   // sends what no kernel would
//
// A [Host] is a network namespace and a lab.Stack: servers, clients, proxies
// and child processes run on it unchanged. The namespaces live in a keeper
// process, which opens sockets in them and hands them over; a socket keeps its
// namespace wherever it is used. When the keeper's parent ends, in whatever
// way, the keeper ends and everything is gone: nothing here has a name that
// others could see, and nothing touches the machine's own network.
package netlab
