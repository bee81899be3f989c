package harness_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// TestAStorm does everything at once, with the proxy closed in the middle of
// it: for the race detector, and for deadlocks.
func TestAStorm(t *testing.T) {
	before := inventory()
	for round := range rounds(20, 1000) {
		t.Run(fmt.Sprint(round), storm)
		expectInventory(t, before)
	}
}

func storm(t *testing.T) {
	upstream := listen(t, "127.0.0.1:0")
	proxy := start(t, upstream.Addr(),
		sometimes(0.5, toxic("latency", attributes{"latency": 1})),
		sometimes(0.5, toxic("bandwidth", attributes{"rate": 1000})),
		sometimes(0.5, toxic("slicer", attributes{"average_size": 100})))
	var servers, clients, cutters sync.WaitGroup
	servers.Go(func() {
		for {
			conn, err := upstream.Accept()
			if err != nil {
				return
			}
			servers.Go(func() { misbehave(conn.(*net.TCPConn)) })
		}
	})
	for range 10 {
		clients.Go(func() { visit(proxy.Addr()) })
	}
	for range 2 {
		cutters.Go(func() { cutAndLook(proxy) })
		cutters.Go(func() { changeToxics(t, proxy) })
	}
	if rand.IntN(2) == 0 {
		cutters.Wait()
	}
	closeProxy(t, proxy)
	cutters.Wait()
	clients.Wait()
	upstream.Close()
	servers.Wait()
	for _, c := range proxy.Connections() {
		if !c.Over || c.EndedBy == "" {
			t.Errorf("the report says %+v, want it over", c)
		}
	}
}

func visit(address string) {
	for range 5 {
		if conn, err := net.Dial("tcp", address); err == nil { // not so when the proxy is closed
			misbehave(conn.(*net.TCPConn))
		}
	}
}

func cutAndLook(proxy *harness.Proxy) {
	for range 20 {
		if cut, err := proxy.Cut(anyCut()); err == nil && rand.IntN(2) == 0 { // it fails when the proxy is closed
			cut.Disarm()
			<-cut.Done()
		}
		proxy.Cuts()
		proxy.Connections()
	}
}

// changeToxics adds toxics to the running proxy and takes them away, and refuses
// connections for a moment. It ends when the proxy is closed.
func changeToxics(t *testing.T, proxy *harness.Proxy) {
	for range 5 {
		for _, toxic := range []harness.Toxic{
			toxic("latency", attributes{"latency": 1}), toxic("slicer", attributes{"average_size": 100}),
		} {
			added, err := proxy.AddToxic(toxic)
			if errors.Is(err, net.ErrClosed) {
				return
			} else if err != nil {
				t.Error(err)
				return
			}
			added.Remove()
		}
		proxy.Refuse()
		proxy.Accept() // fails when the proxy is closed
	}
}

func anyCut() harness.Cut {
	actions := []harness.Action{harness.SendReset, harness.SendFIN, harness.Silence, ""}
	cut := harness.Cut{With: actions[rand.IntN(4)], Opposite: actions[rand.IntN(4)]}
	if rand.IntN(3) == 0 {
		cut.Now, cut.On = true, harness.Nth(1+rand.IntN(50))
		return cut
	}
	cut.Toward, cut.Times, cut.After = ways[rand.IntN(2)].watcher, 1, rand.Int64N(5000)
	return cut
}

// misbehave sends and reads a little, and leaves in one way or another.
func misbehave(conn *net.TCPConn) {
	defer conn.Close()
	for range rand.IntN(4) {
		if _, err := conn.Write(make([]byte, rand.IntN(3000))); err != nil {
			return
		}
	}
	switch rand.IntN(5) {
	case 0:
		conn.SetLinger(0)
	case 1:
		conn.CloseWrite()
	case 2:
		conn.Read(make([]byte, 1))
	case 3:
		drain(conn)
	}
}
