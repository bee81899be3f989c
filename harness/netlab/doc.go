// Package netlab makes private networks: hosts, links, routers and firewalls,
// without privilege wherever user namespaces are allowed. Linux only.
//
//	network, err := netlab.New()
//	defer network.Close()
//	client, err := network.Host("client")
//	server, err := network.Host("server")
//	link, err := network.Link(client, server)
//	rule, err := server.Block(netlab.Rule{Hook: netlab.Input, Verdict: netlab.RejectReset})
//
// A [Host] is a network namespace and a lab.Stack: give it to lab.AddHost, and
// servers, clients and proxies run on it unchanged. The namespaces live in a
// keeper process, which opens sockets in them and hands them over; a socket
// keeps its namespace wherever it is used. When the keeper's parent ends, in
// whatever way, the keeper ends and everything is gone: nothing here has a
// name that others could see, and nothing touches the machine's own network.
package netlab
