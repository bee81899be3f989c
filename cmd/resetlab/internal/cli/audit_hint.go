package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// reachable bounds how long the user's own server has to accept a connection.
const reachable = 5 * time.Second

// unworkable says why a client does not work with nothing in its way, where
// this command knows more of it than the client tells: what stands between the
// two takes connections, and ends them if it gets none.
func (a *auditing) unworkable(ctx context.Context, err error) error {
	if a.flags.upstream != "" && a.plain.Remote == nil {
		dialer := net.Dialer{Timeout: reachable}
		conn, lost := dialer.DialContext(ctx, "tcp", a.flags.upstream)
		if lost != nil {
			if at := (*net.OpError)(nil); errors.As(lost, &at) {
				lost = at.Err
			}
			return fmt.Errorf("--upstream %s: no server there: %w", a.flags.upstream, lost)
		}
		conn.Close()
	}
	if a.family.hint != "" && !a.flags.tls {
		return fmt.Errorf("%w (%s)", err, a.family.hint)
	}
	return err
}
