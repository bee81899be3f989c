package evidence

import (
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// The tracepoints of Linux that tell of resets: the names of a [ResetTrace], and
// that of a [StateChange].
const (
	StateChanged  = "inet_sock_set_state"
	ResetSent     = "tcp_send_reset"
	ResetReceived = "tcp_receive_reset"
	ErrorReported = "inet_sk_error_report" // an error came that ends the connection
)

// A StateChange is a socket going from one state to another, in the kernel's
// names: "ESTABLISHED", "CLOSE_WAIT", "CLOSE" (net/tcp_states.h).
type StateChange struct {
	From tcp.State `json:"from"`
	To   tcp.State `json:"to"`
}

// A ResetTrace is the kernel's tracepoint tcp_send_reset or
// tcp_receive_reset.
type ResetTrace struct {
	Name    string `json:"name"`             // "tcp_send_reset" or "tcp_receive_reset"
	Reason  string `json:"reason,omitempty"` // as "TCP_ABORT_ON_CLOSE"; empty where the kernel tells none
	Process string `json:"process"`          // comm-pid of the task that ran
	// Passive says that a segment that arrived was answered; otherwise the
	// socket's owner or a timer wanted it.
	Passive bool `json:"passive"`
	// Error is the errno, of inet_sk_error_report, as "ETIMEDOUT".
	Error string `json:"error,omitempty"`
	// AtHand is what the task that ran was doing; nil: it is not known.
	AtHand *AtHand `json:"at_hand,omitempty"`
}

// AtHand is the task during which a kernel sent a RST. It need not have a part
// in it: what answers a segment runs in the time of whoever has the processor.
type AtHand struct {
	Call   string `json:"call,omitempty"`   // its system call, as "close"
	Dying  bool   `json:"dying,omitempty"`  // it is about to end, which closes what it has
	Signal string `json:"signal,omitempty"` // of what it dies, as "SIGKILL"; empty: it exits, or that is not known
	OOM    bool   `json:"oom,omitempty"`    // the kernel's OOM killer sent the signal
}

// Figures are what a kernel says of one end's socket at a moment, in the words
// of tcp(7), TCP_INFO, and of struct tcp_sock (include/linux/tcp.h). A figure
// that is not known is 0.
type Figures struct {
	Unread  int64 `json:"unread,omitempty"`  // bytes that came and were not read (rcv_nxt − copied_seq)
	Unacked int64 `json:"unacked,omitempty"` // bytes that were sent and not acknowledged (snd_nxt − snd_una)
	Unsent  int64 `json:"unsent,omitempty"`  // bytes that were written and not sent (write_seq − snd_nxt)
	// LingerZero says that SO_LINGER with timeout 0 is set (socket(7)).
	LingerZero bool `json:"linger_zero,omitempty"`
	// Whole says that what follows is known, too.
	Whole      bool          `json:"whole,omitempty"`
	State      tcp.State     `json:"state,omitempty"`      // before its end
	StillOpen  bool          `json:"still_open,omitempty"` // it was still in State: no call of its own had ended it
	Orphan     bool          `json:"orphan,omitempty"`     // no program held it any more
	Unaccepted bool          `json:"unaccepted,omitempty"` // none had accepted it yet
	Sent       int64         `json:"sent,omitempty"`       // bytes
	Received   int64         `json:"received,omitempty"`   // bytes
	Idle       time.Duration `json:"idle,omitempty"`       // since data was last sent; -1: not known
	Age        time.Duration `json:"age,omitempty"`        // since the handshake was over; -1: not known
	Queue      int           `json:"queue,omitempty"`      // of a listener: connections that nobody has accepted
	QueueMost  int           `json:"queue_most,omitempty"` // and how many may be there
}

// Sent says whether it is about a RST that was sent; otherwise one was received.
func (t *ResetTrace) Sent() bool { return t.Name == "tcp_send_reset" }
