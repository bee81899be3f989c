// Package harness puts a faithful, faulty TCP proxy in front of a service:
//
//	client ── Proxy ── your service
//	            ├─ Cut    ends connections at an exact byte: RST, FIN or silence
//	            └─ Toxic  latency, bandwidth, slicer
//
// [StartProxy] passes bytes through toxiproxy and, unlike it, keeps endings
// what they are: a FIN, a RST, a half-close. A [Cut] withholds the next reply:
//
//	proxy, err := harness.StartProxy(shop.Listener.Addr().String())
//	...
//	proxy.Cut(harness.Cut{Toward: harness.Client, With: harness.Reset, Times: 1})
//
// [Proxy.Cuts] says whether it struck, [EndingOf] how an error ended a connection.
package harness
