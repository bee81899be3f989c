package netlab_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// What a network costs is told in starts of a process that has a network
// namespace and does nothing: no network can do without one. The two are
// measured in turn, since what else the machine has to do disturbs both alike.
// Beside that it is told in bare reset cycles and in milliseconds.
const (
	rounds      = 31
	beside      = 50 // cycles in a round
	barTwoHosts = 6
	barThree    = 8
)

func BenchmarkTwoHostsWithAFirewall(b *testing.B) {
	ratio(b, "netlab_two_hosts", barTwoHosts, 10, func(l *lab.Lab) error {
		_, server, err := netlab.Pair(l)
		if err != nil {
			return err
		}
		return blockError(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.RejectReset})
	})
}

func BenchmarkThreeHostsWithARouter(b *testing.B) {
	ratio(b, "netlab_three_hosts", barThree, 20, func(l *lab.Lab) error {
		_, _, _, err := netlab.Triple(l)
		return err
	})
}

// ratio measures building and closing. The goal is in milliseconds.
func ratio(b *testing.B, name string, bar, goal float64, build func(*lab.Lab) error) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go resetAll(server)
	for b.Loop() {
		var costs, starts, cycles []float64
		for range rounds {
			cost := took(b, func() error {
				l := lab.New()
				return errors.Join(build(l), l.Close())
			})
			costs = append(costs, cost)
			starts = append(starts, cost/took(b, startIdle))
			cycles = append(cycles, cost/took(b, func() error { return bareCycles(server.Addr().String()) })*beside)
		}
		value := median(starts)
		fmt.Printf("ratio %s %.1f bar <=%.0f\n", name, value, bar)
		fmt.Printf("ratio %s_cycles %.0f bar watched\n", name, median(cycles))
		fmt.Printf("goal %s %.1f ms under %.0f\n", name, median(costs), goal)
		b.ReportMetric(median(costs), "ms/network")
		if value > bar {
			b.Errorf("%s costs as much as %.1f starts of a process, more than %.0f", name, value, bar)
		}
	}
}

// took is how many milliseconds something took.
func took(b *testing.B, do func() error) float64 {
	start := time.Now()
	err := do()
	elapsed := time.Since(start)
	available(b, err)
	return elapsed.Seconds() * 1000
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// idleVariable has a child process end at once.
const idleVariable = "NETLAB_TEST_IDLE"

// startIdle starts a process in a namespace of its own and waits for its end.
func startIdle() error {
	command := exec.Command("/proc/self/exe")
	command.Env = append(os.Environ(), idleVariable+"=1")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	}
	return command.Run()
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

func bareCycles(address string) error {
	for range beside {
		if err := bareCycle(address); err != nil {
			return err
		}
	}
	return nil
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
