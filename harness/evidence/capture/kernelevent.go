package capture

import (
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A KernelEvent is what a tracepoint said of a socket.
type KernelEvent struct {
	At        time.Time
	Precision time.Duration  // of At: it may be half of that earlier or later
	Name      string         // of the tracepoint: evidence.StateChanged, ResetSent or ResetReceived
	Local     netip.AddrPort // of the socket
	Remote    netip.AddrPort // unspecified where the socket is a listener
	From, To  tcp.State      // of StateChanged
	Process   string         // comm-pid of the process that ran; as far as it is known
	Passive   bool           // of ResetSent: a segment that came in was answered
	Reason    string         // of ResetSent, as "TCP_ABORT_ON_CLOSE"; empty where the kernel tells none
}
