package audit

import (
	"context"
	"net"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// A still client is stopped for as long as nobody says otherwise.
type still struct{ Func }

func (still) Suspend() error { return nil }
func (still) Resume() error  { return nil }

// CheckUnread says what is wrong before a RST to a client that is stopped, and to
// which so many bytes have come.
func CheckUnread(ctx context.Context, came int64, client, proxy net.Addr) error {
	r := &run{clock: newClock(), limits: Limits{Stall: 100 * time.Millisecond}.orDefaults()}
	defer r.clock.start(ctx)()
	l := &localInjector{
		run: r, cell: point.Cell{Fault: point.DataRST}, suspension: &suspension{of: still{}},
		trigger: &trigger{clock: r.clock, came: map[int]int64{1: came}},
	}
	l.suspension.begin()
	l.checkUnread(ctx, 1, client.(*net.TCPAddr).AddrPort(), proxy.(*net.TCPAddr).AddrPort())
	err := l.inexactly(1) // before it is missed that no RST comes
	l.waiters.Wait()
	return err
}
