package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A namespace is a network namespace with a thread of its own, on which
// everything that concerns it is done.
type namespace struct {
	keeper *keeper
	host   string // its name
	fd     int    // refers to the namespace
	links  *netlink.Handle
	work   chan func()
}

// settle gives a host its namespace. The first gets the one that the process
// was started in: making one costs about a millisecond.
func (k *keeper) settle(host string) (n *namespace, err error) {
	if n, k.first = k.first, nil; n == nil {
		if n, err = k.newNamespace(true); err != nil {
			return nil, err
		}
	}
	n.host = host
	k.hosts[host] = n
	return n, nil
}

// newNamespace gives a thread a network namespace: a new one, or the one that
// the process was started in.
func (k *keeper) newNamespace(unshare bool) (*namespace, error) {
	n := &namespace{keeper: k, work: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := n.enter(unshare)
		ready <- err
		if err != nil {
			return
		}
		for do := range n.work {
			do()
		}
		n.links.Close()
		unix.Close(n.fd)
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return n, nil
}

func (n *namespace) enter(unshare bool) (err error) {
	if unshare {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
	}
	n.fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	if err := n.prepare(); err != nil {
		unix.Close(n.fd)
		return err
	}
	return nil
}

// loopbackIndex is the index of every namespace's loopback
// (include/net/net_namespace.h, LOOPBACK_IFINDEX).
const loopbackIndex = 1

// prepare makes the namespace the same on every machine: one inherits the
// machine's settings of IPv4's interfaces, of which forwarding and the reverse
// path filter change what is seen here, and IPv6 announces itself on each link.
func (n *namespace) prepare() (err error) {
	for _, setting := range []SetSysctl{
		{"net.ipv6.conf.all.disable_ipv6", "1"},
		{"net.ipv6.conf.default.disable_ipv6", "1"},
		{"net.ipv4.ip_forward", "0"},
		{"net.ipv4.conf.all.rp_filter", "0"},
		{"net.ipv4.conf.default.rp_filter", "0"},
	} {
		if err := setting.do(n); err != nil && !errors.Is(err, fs.ErrNotExist) { // a kernel without IPv6
			return err
		}
	}
	if n.links, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	loopback := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: loopbackIndex}}
	if err := n.links.LinkSetUp(loopback); err != nil {
		n.links.Close()
		return fmt.Errorf("raise lo: %w", err)
	}
	return nil
}

// act runs do on the thread that is in the namespace.
func (n *namespace) act(do func()) {
	done := make(chan struct{})
	n.work <- func() {
		defer close(done)
		do()
	}
	<-done
}
