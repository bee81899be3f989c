package netlab_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// What a network costs is told in bare reset cycles, measured in between.
const (
	rounds      = 31
	barTwoHosts = 300
	barThree    = 400
)

func BenchmarkTwoHostsWithAFirewall(b *testing.B) {
	ratio(b, "netlab_two_hosts", barTwoHosts, func(l *lab.Lab) error {
		_, server, err := netlab.Pair(l)
		if err != nil {
			return err
		}
		return blockError(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.RejectReset})
	})
}

func BenchmarkThreeHostsWithARouter(b *testing.B) {
	ratio(b, "netlab_three_hosts", barThree, func(l *lab.Lab) error {
		_, _, _, err := netlab.Triple(l)
		return err
	})
}

// ratio measures building and closing against a bare reset cycle.
func ratio(b *testing.B, name string, bar float64, build func(*lab.Lab) error) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go resetAll(server)
	for b.Loop() {
		var networks, cycles []time.Duration
		for range rounds {
			networks = append(networks, took(b, func() error {
				l := lab.New()
				return errors.Join(build(l), l.Close())
			}))
			for range 10 {
				cycles = append(cycles, took(b, func() error { return bareCycle(server.Addr().String()) }))
			}
		}
		cost, cycle := median(networks), median(cycles)
		value := float64(cost) / float64(cycle)
		fmt.Printf("ratio %s %.1f bar <=%.0f\n", name, value, bar)
		b.ReportMetric(float64(cost)/float64(time.Millisecond), "ms/network")
		if value > bar {
			b.Errorf("%s costs %.1f bare reset cycles, more than %.0f", name, value, bar)
		}
	}
}

func took(b *testing.B, do func() error) time.Duration {
	start := time.Now()
	err := do()
	elapsed := time.Since(start)
	available(b, err)
	return elapsed
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// resetAll closes each connection with a byte unread.
func resetAll(server net.Listener) {
	for {
		c, err := server.Accept()
		if err != nil {
			return
		}
		c.Read(make([]byte, 1))
		c.Close()
	}
}

// bareCycle is: dial, two bytes, closed with one of them unread, the reset read.
func bareCycle(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	if _, err := c.Write([]byte("ab")); err != nil {
		return errors.Join(err, c.Close())
	}
	c.Read(make([]byte, 1)) // the reset
	return c.Close()
}
