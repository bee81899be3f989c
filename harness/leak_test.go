package harness_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// faults is everything that can be put into a proxy in one
// direction.
func faults(toward harness.End) map[string]harness.Option {
	slow := func(kind string, a attributes) harness.Toxic {
		return harness.Toxic{Type: kind, Toward: toward, Attributes: a}
	}
	return map[string]harness.Option{
		"no fault":        harness.Options{},
		"short latency":   slow("latency", attributes{"latency": 1, "jitter": 1}),
		"an hour":         slow("latency", attributes{"latency": 3_600_000}),
		"1 kB/s":          slow("bandwidth", attributes{"rate": 1}),
		"slices":          slow("slicer", attributes{"average_size": 100, "size_variation": 50, "delay": 1}),
		"a slice an hour": slow("slicer", attributes{"average_size": 1, "delay": 3_600_000_000}),
		"RST":             harness.Cut{Toward: toward, After: 1000},
		"FIN":             harness.Cut{Toward: toward, After: 1000, With: harness.SendFIN},
		"silence":         harness.Cut{Toward: toward, After: 1000, With: harness.Silence},
	}
}

// situations are what the two ends do when the proxy is closed. Each returns
// when it has brought that about.
var situations = map[string]func(t *testing.T, client, server *net.TCPConn){
	"both idle": func(*testing.T, *net.TCPConn, *net.TCPConn) {},
	"the client has left": func(t *testing.T, client, server *net.TCPConn) {
		client.Write(make([]byte, 100_000))
		client.Close()
	},
	"the client has reset": func(t *testing.T, client, server *net.TCPConn) {
		client.Write(make([]byte, 100_000))
		abort(t, client)
	},
	"the client has left the server sending": func(t *testing.T, client, server *net.TCPConn) {
		go flood(server)
		client.Close()
	},
	"the server is sending, the client reads": func(t *testing.T, client, server *net.TCPConn) {
		go flood(server)
		go drain(client)
	},
	"the server is sending, nobody reads": func(t *testing.T, client, server *net.TCPConn) {
		server.Write(make([]byte, 100_000))
		go flood(server)
	},
	"both are sending, nobody reads": func(t *testing.T, client, server *net.TCPConn) {
		go flood(server)
		go flood(client)
	},
	"the client is sending, the server has half-closed": func(t *testing.T, client, server *net.TCPConn) {
		server.CloseWrite()
		go flood(client)
	},
}

// TestCloseLeavesNothing closes a proxy in every fault and situation: no
// goroutine of the harness or of toxiproxy stays, and no socket.
func TestCloseLeavesNothing(t *testing.T) {
	for _, toward := range []harness.End{harness.Client, harness.Server} {
		for fault, option := range faults(toward) {
			for situation, act := range situations {
				name := fmt.Sprintf("%s toward the %s, %s", fault, toward, situation)
				before := inventory()
				t.Run(name, func(t *testing.T) {
					for range 3 {
						proxy, client, server := between(t, option)
						act(t, client, server)
						closeProxy(t, proxy)
						if c := proxy.Connections()[0]; !c.Over {
							t.Errorf("the report says %+v, want it over", c)
						}
					}
				})
				expectInventory(t, before)
			}
		}
	}
}

// TestCloseUnderBackPressure closes a proxy whose every buffer is full.
func TestCloseUnderBackPressure(t *testing.T) {
	for _, way := range ways {
		for fault, option := range faults(way.watcher) {
			before := inventory()
			t.Run(fmt.Sprintf("%s toward the %s", fault, way.watcher), func(t *testing.T) {
				proxy, client, server := between(t, option)
				sends, _ := byParty(way.actor, client, server)
				flooded := make(chan struct{})
				go func() {
					defer close(flooded)
					flood(sends)
				}()
				awaitFullSendBuffer(t, sends, flooded)
				closeProxy(t, proxy)
				<-flooded
			})
			expectInventory(t, before)
		}
	}
}

// TestALeavingEndLeavesNothingBehind resets one end while the other sends:
// the connection is over then, with whatever a toxic still held, and the
// proxy goes on.
func TestALeavingEndLeavesNothingBehind(t *testing.T) {
	for _, way := range ways {
		for fault, option := range faults(way.actor) {
			if _, cut := option.(harness.Cut); cut {
				continue // these end it themselves
			}
			t.Run(fmt.Sprintf("%s toward the %s", fault, way.actor), func(t *testing.T) {
				before := inventory()
				listener := listen(t, "127.0.0.1:0")
				proxy := start(t, listener.Addr(), option)
				before.goroutines++ // the accept loop
				before.descriptors += 2
				for range rounds(1, 10) {
					client := dial(t, proxy.Addr())
					leaves, sends := byParty(way.actor, client, accept(t, listener))
					flooded := make(chan struct{})
					go func() {
						defer close(flooded)
						flood(sends)
					}()
					awaitFullSendBuffer(t, sends, flooded)
					abort(t, leaves)
					<-flooded
					sends.Close()
					awaitIdle(t, proxy)
				}
				expectInventory(t, before)
			})
		}
	}
}
