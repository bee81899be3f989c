package harness_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/resetlab/resetlab/harness"
)

// serve handles each connection to a loopback address until the test ends.
func serve(b testing.TB, handle func(net.Conn)) net.Addr {
	b.Helper()
	listener := listen(b, "127.0.0.1:0")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return listener.Addr()
}

func echo(conn net.Conn) { io.Copy(conn, conn) }

// reach opens a connection without the bookkeeping of dial.
func reach(b *testing.B, address string) net.Conn {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

// ask sends two bytes and reads as many.
func ask(b *testing.B, conn net.Conn) {
	if _, err := conn.Write([]byte("hi")); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 2)); err != nil {
		b.Fatal(err)
	}
}

// cycles times connections that are opened, used for one echo and closed.
func cycles(b *testing.B) (faithful, stock func() float64) {
	upstream := serve(b, echo)
	run := func(address string) func() float64 {
		return func() float64 {
			return timed(func() {
				conn := reach(b, address)
				ask(b, conn)
				conn.Close()
			})
		}
	}
	return run(start(b, upstream).Addr()), run(startStock(b, upstream).Addr())
}

// streams times downloads of 8 MB, behind a toxic where one is named.
func streams(a attributes, kind string) func(b *testing.B) (faithful, stock func() float64) {
	return func(b *testing.B) (faithful, stock func() float64) {
		const size = 4 << 20
		upstream := serve(b, func(conn net.Conn) {
			for range size >> 20 {
				conn.Write(make([]byte, 1<<20))
			}
		})
		run := func(address string) func() float64 {
			return func() float64 {
				return timed(func() {
					conn := reach(b, address)
					defer conn.Close()
					if n, ending := drain(conn); n != size || ending != harness.Finished {
						b.Fatalf("%d bytes and then %q", n, ending)
					}
				})
			}
		}
		plain := startStock(b, upstream)
		if kind == "" {
			return run(start(b, upstream).Addr()), run(plain.Addr())
		}
		attributes := toxiproxy.Attributes{}
		for name, value := range a {
			attributes[name] = value
		}
		if _, err := apiOf(b, plain).AddToxic("", kind, "downstream", 1, attributes); err != nil {
			b.Fatal(err)
		}
		return run(start(b, upstream, toxic(kind, a)).Addr()), run(plain.Addr())
	}
}

// apiOf is the plain proxy as toxiproxy's own client sees it.
func apiOf(b *testing.B, plain *harness.StockProxy) *toxiproxy.Proxy {
	address, err := plain.ServeAPI()
	if err != nil {
		b.Fatal(err)
	}
	proxy, err := toxiproxy.NewClient(address).Proxy(plain.Name())
	if err != nil {
		b.Fatal(err)
	}
	return proxy
}

// idleMemory measures what a connection that has been used once and is idle
// now takes of heap and stacks, its two ends not counted.
func idleMemory(b *testing.B) (faithful, stock func() float64) {
	upstream := serve(b, echo)
	run := func(address string) float64 {
		const n = 200
		conns := make([]net.Conn, n)
		before := memoryInUse()
		for i := range conns {
			conns[i] = reach(b, address)
			ask(b, conns[i])
		}
		used := memoryInUse() - before
		for _, conn := range conns {
			conn.Close()
		}
		return used / n
	}
	proxy, plain := start(b, upstream), startStock(b, upstream)
	ends := run(upstream.String())
	return func() float64 {
			used := run(proxy.Addr()) - ends
			awaitIdle(b, proxy)
			return used
		}, func() float64 {
			return run(plain.Addr()) - ends
		}
}

func memoryInUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// faultCycles times faults from nothing to nothing: set up, struck in the
// reply to a request, and torn down.
func faultCycles(b *testing.B) (faithful, stock func() float64) {
	upstream := serve(b, echo)
	api, err := startStock(b, upstream).ServeAPI()
	if err != nil {
		b.Fatal(err)
	}
	client := toxiproxy.NewClient(api)
	number := 0
	return func() float64 {
			return timed(func() {
				proxy, err := harness.StartProxy(upstream.String(), harness.Cut{Toward: harness.Client})
				if err != nil {
					b.Fatal(err)
				}
				expectReset(b, proxy.Addr())
				if err := proxy.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}, func() float64 {
			return timed(func() {
				number++
				proxy, err := client.CreateProxy(fmt.Sprint(number), "127.0.0.1:0", upstream.String())
				if err != nil {
					b.Fatal(err)
				}
				_, err = proxy.AddToxic("", "reset_peer", "downstream", 1, toxiproxy.Attributes{"timeout": 0})
				if err != nil {
					b.Fatal(err)
				}
				expectReset(b, proxy.Listen)
				if err := proxy.Delete(); err != nil {
					b.Fatal(err)
				}
			})
		}
}

// timed is how many seconds a run takes.
func timed(run func()) float64 {
	start := time.Now()
	run()
	return time.Since(start).Seconds()
}

// expectReset asks and is reset.
func expectReset(b *testing.B, address string) {
	conn := reach(b, address)
	defer conn.Close()
	if _, err := conn.Write([]byte("hi")); err != nil {
		b.Fatal(err)
	}
	if n, ending := drain(conn); n != 0 || ending != harness.Reset {
		b.Fatalf("%d bytes and then %q", n, ending)
	}
}
