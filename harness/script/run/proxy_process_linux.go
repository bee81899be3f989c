package run

import (
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/fault"
)

// proxyVariable tells a re-executed binary that it is a proxy, and which.
const proxyVariable = "RESETLAB_SCRIPT_PROXY"

// proxyName is what ps(1) and the kernel's tracepoints call it.
const proxyName = "resetlab-proxy"

// A proxyOrder is what the process of a proxy is to do.
type proxyOrder struct {
	How       string // "stock", or empty for the faithful one
	Cut       string // where the faithful one cuts; empty: nowhere
	Upstream  string
	Processor int // that all of it runs on
}

// cuts reads where to cut.
func (o proxyOrder) cuts() ([]harness.Option, error) {
	if o.Cut == "" {
		return nil, nil
	}
	cut, err := fault.ParseCut(o.Cut)
	return []harness.Option{cut}, err
}

// A proxyWord is what it says when it is ready.
type proxyWord struct {
	PID     int
	Address netip.AddrPort
	Failure string
}

// The hook by which a binary that imports this package executes itself again as a
// proxy.
func init() {
	order, asked := os.LookupEnv(proxyVariable)
	if !asked {
		return
	}
	control := os.NewFile(3, "control")
	word, err := beProxy(order)
	if err != nil {
		word.Failure = err.Error()
	}
	text, _ := json.Marshal(word) // it has numbers and strings
	// The parent closes it. By the net package nobody waits in a system call.
	conn, err := net.FileConn(control)
	if err != nil {
		syscall.Exit(1)
	}
	control.Close()
	if _, err := conn.Write(text); err == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
	syscall.Exit(0)
}

// beProxy starts the proxy of an order.
func beProxy(text string) (proxyWord, error) {
	word := proxyWord{PID: os.Getpid()}
	var order proxyOrder
	err := json.Unmarshal([]byte(text), &order)
	if err != nil {
		return word, err
	}
	if err := pinAll(order.Processor); err != nil {
		return word, err
	}
	var address string
	if order.How == "stock" {
		p, err := harness.StartStockProxy(order.Upstream)
		if err != nil {
			return word, err
		}
		address = p.Addr()
	} else {
		cuts, err := order.cuts()
		if err != nil {
			return word, err
		}
		p, err := harness.StartProxy(order.Upstream, cuts...)
		if err != nil {
			return word, err
		}
		address = p.Addr()
	}
	word.Address, err = netip.ParseAddrPort(address)
	return word, err
}

// pinAll has all threads of this process run on one processor, and calls them
// what they are; those to come take after the one that starts them.
func pinAll(processor int) error {
	var only unix.CPUSet
	only.Set(processor)
	for pinned := -1; ; {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(id, &only); err != nil && err != unix.ESRCH {
				return os.NewSyscallError("sched_setaffinity", err)
			}
			_ = os.WriteFile("/proc/self/task/"+thread.Name()+"/comm", []byte(proxyName), 0) // for who looks
		}
		if len(threads) == pinned { // as many as before: none has come between
			return nil
		}
		pinned = len(threads)
	}
}
