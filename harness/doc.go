// Package harness puts a faithful, faulty TCP proxy in front of a service:
//
//	client ── Proxy ── your service
//	            ├─ Cut    ends connections at an exact byte: RST, FIN or silence
//	            └─ Toxic  latency, bandwidth, slicer
//
// A [Proxy] passes bytes through toxiproxy and, unlike it, keeps endings what
// they are: a FIN, a RST, a half-close. A test withholds the next reply:
//
//	proxy := harness.Start(t, shop.Listener.Addr().String())
//	cut := proxy.Cut(harness.Cut{Toward: harness.Client, Times: 1})
//
// [ArmedCut.Struck] says whether it struck, [EndingOf] how an error ended a
// connection. [StartProxy] is for what is no test.
package harness
