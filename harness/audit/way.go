package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/resetlab/resetlab/harness"
)

// open starts the proxy, the other way if there is one, and the client.
func (t *trial) open(ctx context.Context) error {
	own := netip.AddrPortFrom(t.source, 0).String()
	var err error
	if t.proxy, err = t.newProxy(own, harness.Options{Watch: t.watch}); err != nil {
		return err
	}
	t.address = t.proxy.Addr()
	target := Target{Address: t.address}
	if t.cell.Repeat == Backend {
		if t.healthy, err = t.newProxy(own, harness.Options{}); err != nil {
			return errors.Join(err, t.proxy.Close())
		}
		target.Healthy = t.healthy.Addr()
	}
	if t.client, err = t.subject.Open(ctx, target); err != nil {
		t.client = nil
		t.close()
		return fmt.Errorf("open the client: %w", err)
	}
	return nil
}

// newProxy starts a proxy of the cell's at an address.
func (t *trial) newProxy(listen string, options harness.Options) (*harness.Proxy, error) {
	upstream := t.subject.Origin.Addr()
	listener, err := t.listen(listen)
	if err != nil {
		return nil, err
	}
	options.Listener = listener
	dial := dialFrom(t.source, upstream)
	options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			t.dialled.Add(1)
		}
		return conn, err
	}
	proxy, err := harness.StartProxy(upstream, options)
	if err != nil {
		listener.Close()
	}
	return proxy, err
}

// A noting listener remembers the sockets that connect to it.
type noting struct {
	net.Listener
	note func(inode uint32)
}

// Accept accepts a connection.
func (l noting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.note(inodeOf(conn))
	}
	return conn, err
}

func (t *trial) listen(address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the cell: %w", err)
	}
	if t.sweeping {
		return listener, nil
	}
	return noting{listener, t.noteSocket}, nil
}

// close gives back everything that is still there.
func (t *trial) close() error {
	var problems []error
	if t.client != nil {
		problems = append(problems, t.client.Close())
		t.client = nil
	}
	if t.proxy != nil {
		problems = append(problems, t.proxy.Close())
		t.proxy = nil
	}
	if t.healthy != nil {
		problems = append(problems, t.healthy.Close())
		t.healthy = nil
	}
	return errors.Join(problems...)
}
