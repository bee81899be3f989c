// Package harness puts a faithful, faulty TCP proxy in front of a service.
//
// [StartProxy] stands between a client and a service. It passes bytes through
// toxiproxy's links and toxics, and unlike toxiproxy it keeps endings what
// they are: a FIN stays a FIN, a RST a RST, a half-close a half-close.
//
//	client ── Proxy ── your service
//	            │
//	            ├─ Cut    ends connections at an exact byte, with RST, FIN or silence
//	            └─ Toxic  latency, bandwidth, slicer
//
// A [Cut] is armed before the start, as an argument, or on a running proxy:
//
//	proxy, err := harness.StartProxy(shop.Listener.Addr().String())
//	...
//	proxy.Cut(harness.Cut{Toward: harness.Client, After: 0, With: harness.Reset, Times: 1})
//
// [Proxy.Cuts] then says whether it struck and what was in flight, and
// [Proxy.Connections] what ended every connection first. [EndingOf] says in
// one word how an error ended a connection. [StartStockProxy] starts a plain
// toxiproxy, which turns every reset into a clean end.
package harness
