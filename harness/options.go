package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// An Option is something to give to [StartProxy]: a [Cut], a [Toxic] or
// [Options].
type Option interface {
	applyTo(*settings) error
}

// Options are the settings of a [Proxy]. The zero value of each field is good.
type Options struct {
	// Listen is the address to listen on. Zero means a free port of the
	// upstream's own address if that is of the loopback, otherwise of
	// 127.0.0.1 or ::1, whichever is of its address family.
	Listen string
	// Listener, if not nil, is used instead of Listen. Its connections must be
	// *net.TCPConn. The proxy closes it.
	Listener net.Listener
	// Dial, if not nil, opens the connections to the upstream, which must be
	// *net.TCPConn. It must return when its context ends: Close waits for it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// DialTimeout bounds each dial of the upstream. Zero means 5 s. A client
	// whose upstream cannot be dialled is reset.
	DialTimeout time.Duration
	// DrainTimeout bounds the wait before a RST for an end to take the bytes
	// already passed to it: the wait is over when none has been taken for so
	// long. Zero means 2 s. A strike reports it as not drained.
	DrainTimeout time.Duration
	// Watch, if not nil, is called with the number of each accepted connection
	// and returns who watches it, or nil.
	Watch func(connection int) Watcher
	// TLS, if not nil, is spoken with clients: what is counted, watched and passed
	// on is the plain text. The upstream is dialled when the handshake has been
	// made. An end of the upstream's stream is passed on as close_notify and a FIN,
	// and the FIN of a cut comes without close_notify (RFC 8446, section 6.1)
	// unless CloseNotify is set.
	TLS         *tls.Config
	CloseNotify bool
	// WatchHandshake is as Watch, with the records of the handshake, before
	// anything of the upstream is there. Nil means that nobody watches them.
	WatchHandshake func(connection int) Watcher
	// Filter, if not nil, is called with the number of each accepted connection
	// and returns what decides what passes on it, or nil. Cuts that count bytes do
	// not strike a connection that is filtered.
	Filter func(connection int) Filter
	// Pace, if not nil, is called for each connection that is linked with the
	// upstream, and writes to the client what passes there: it decides in which
	// pieces, and when. It must return when the channel is closed and when its
	// context ends; what it has not written then is lost. Cuts that count bytes
	// toward the client do not strike there. It does not go with Filter.
	Pace func(ctx context.Context, p Pacing)
	// Unread leaves the last byte that a client has sent unread until the
	// connection is over, so that a RST to the client comes of closing with
	// unread data (RFC 1122, section 4.2.2.13), as from a server that does not
	// read to the end. Zero means that it comes of SO_LINGER 0, as does, in any
	// case, one to a client that has sent nothing. Linux only.
	Unread bool
	// BeforeReset, if not nil, is called when a cut is about to give a client a
	// RST and the client's kernel has all that passes before it. The RST waits
	// until it returns, which it must when its context ends: the proxy is being
	// closed. It is told the connection's number, and the addresses of its two
	// ends, by which the kernel can be asked about them (sock_diag(7)).
	BeforeReset func(ctx context.Context, connection int, client, proxy netip.AddrPort)
	// Ended, if not nil, is called with the report of each connection that is
	// over, and Struck with each strike that is over, before the end of its
	// connection. The proxy waits until they return; they must not close it.
	Ended  func(ConnectionReport)
	Struck func(*ArmedCut, Strike)
	// Keep bounds what reports tell: the newest so many ended connections,
	// strikes of each cut, and cuts of watchers. Older ones are forgotten. Zero
	// means 10,000.
	Keep int
	// Seed decides which connections get a toxic whose toxicity is below 1.
	// Zero means one drawn at random, which [Proxy.Seed] tells.
	Seed uint64
}

// A Watcher cuts a connection by what its bytes mean, where a [Cut] on its own
// counts them. It is called with the next bytes toward an end before they are
// passed on, once for each byte, and must not keep them. It returns a cut of
// this connection, whose After counts from the first of these bytes up to
// their end, or nil. Toward, On, Times and FromStart of the cut are not looked
// at, and Now is not allowed. Each direction has a goroutine of its own, and
// waits while it is called.
type Watcher func(toward End, b []byte) *Cut

// settings is everything that a proxy is started with.
type settings struct {
	Options
	given  bool // Options were
	cuts   []Cut
	toxics []Toxic
}

func (c Cut) applyTo(s *settings) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Now {
		return errors.New("cut: Now strikes open connections: arm it on a running proxy with Proxy.Cut")
	}
	s.cuts = append(s.cuts, c)
	return nil
}

func (t Toxic) applyTo(s *settings) error {
	if err := t.check(); err != nil {
		return err
	}
	s.toxics = append(s.toxics, t)
	return nil
}

func (o Options) applyTo(s *settings) error {
	switch {
	case s.given:
		return errors.New("options: given twice: put all settings into one Options")
	case o.Listen != "" && o.Listener != nil:
		return errors.New("options: Listen and Listener are both set: one of them says where to listen")
	case o.Listener != nil && o.Listener.Addr().Network() != "tcp":
		return fmt.Errorf("options: Listener is on %s: only a TCP listener is allowed", o.Listener.Addr().Network())
	case o.Unread && !socket.Lags:
		return fmt.Errorf("options: Unread is available on Linux only: %w", errors.ErrUnsupported)
	case o.TLS == nil && (o.CloseNotify || o.WatchHandshake != nil):
		return errors.New("options: CloseNotify and WatchHandshake go with TLS only")
	case o.DialTimeout < 0:
		return fmt.Errorf("options: DialTimeout is %v: allowed are 0 (5 s) and more", o.DialTimeout)
	case o.Keep < 0:
		return fmt.Errorf("options: Keep is %d: allowed are 0 (10,000) and more", o.Keep)
	case o.DrainTimeout < 0:
		return fmt.Errorf("options: DrainTimeout is %v: allowed are 0 (2 s) and more", o.DrainTimeout)
	}
	if o.Listen != "" {
		if _, _, err := splitAddress("Listen", o.Listen, 0); err != nil {
			return fmt.Errorf("options: %w", err)
		}
	}
	if o.Filter != nil && o.Pace != nil {
		return errors.New("options: Filter and Pace are given: both decide what passes to the client")
	}
	s.Options, s.given = o, true
	return nil
}

// settle checks everything and fills in the defaults.
func settle(upstream string, options []Option) (settings, error) {
	var s settings
	host, _, err := splitAddress("upstream", upstream, 1)
	if err != nil {
		return s, err
	}
	for _, option := range options {
		if v := reflect.ValueOf(option); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
			return s, errors.New("option: nil is given: allowed are Cut, Toxic and Options")
		}
		if err := option.applyTo(&s); err != nil {
			return s, err
		}
	}
	if s.Listen == "" {
		s.Listen = "127.0.0.1:0"
		if ip := net.ParseIP(host); ip.IsLoopback() {
			s.Listen = net.JoinHostPort(host, "0")
		} else if ip != nil && ip.To4() == nil {
			s.Listen = "[::1]:0"
		}
	}
	if s.DialTimeout == 0 {
		s.DialTimeout = 5 * time.Second
	}
	if s.Keep == 0 {
		s.Keep = 10_000
	}
	if s.DrainTimeout == 0 {
		s.DrainTimeout = 2 * time.Second
	}
	return s, nil
}

// splitAddress splits host:port and checks both. A port below least is refused.
func splitAddress(field, address string, least int) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if said := (*net.AddrError)(nil); errors.As(err, &said) {
		return "", 0, fmt.Errorf("%s is %q: want host:port: %s", field, address, said.Err) // without the address as it is
	} else if err != nil {
		return "", 0, fmt.Errorf("%s is %q: want host:port: %w", field, address, err)
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < least || port > 65535 {
		return "", 0, fmt.Errorf("%s is %q: the port must be a number from %d to 65535", field, address, least)
	}
	if host == "" {
		return "", 0, fmt.Errorf("%s is %q: the host is missing", field, address)
	}
	return host, port, nil
}
