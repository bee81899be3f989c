package lab_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

// BenchmarkConnCycle prints what remembering costs: the time from dialling to
// the classified reset over a lab.Conn, as a multiple of the same over a bare
// net.Conn. The two take turns; the figure is the median of the pairs.
func BenchmarkConnCycle(b *testing.B) {
	const rounds = 4000
	address := listenAndCloseUnread(b)
	l := lab.New()
	defer l.Close()
	host := l.Host("client")
	bare := net.Dialer{KeepAlive: -1} // as the lab dials
	bare.SetMultipathTCP(false)

	over := map[string]func() harness.Ending{
		"lab": func() harness.Ending {
			c, err := host.Dial(b.Context(), address)
			if err != nil {
				return harness.EndingOf(err)
			}
			defer c.Close()
			c.Write([]byte("ab"))
			c.Read(make([]byte, 1))
			return c.Outcome().Ending
		},
		"bare": func() harness.Ending {
			c, err := bare.DialContext(b.Context(), "tcp", address)
			if err != nil {
				return harness.EndingOf(err)
			}
			defer c.Close()
			c.Write([]byte("ab"))
			_, err = c.Read(make([]byte, 1))
			return harness.EndingOf(err)
		},
	}
	var ratios []float64
	for b.Loop() {
		for round := range rounds {
			order := []string{"lab", "bare"}
			if round%2 == 1 {
				slices.Reverse(order)
			}
			took := map[string]time.Duration{}
			for _, name := range order {
				start := time.Now()
				if ending := over[name](); ending != harness.Reset {
					b.Fatalf("the %s connection ended as %s, want %s", name, ending, harness.Reset)
				}
				took[name] = time.Since(start)
			}
			ratios = append(ratios, float64(took["lab"])/float64(took["bare"]))
		}
	}
	slices.Sort(ratios)
	fmt.Printf("\nratio conn_cycle %.2f bar <=1.25\n", ratios[len(ratios)/2])
}

// listenAndCloseUnread starts a bare server that reads one byte of each
// connection and closes it.
func listenAndCloseUnread(b *testing.B) (address string) {
	b.Helper()
	listener, err := (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	return listener.Addr().String()
}
