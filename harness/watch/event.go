package watch

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A Kind is what an event is about.
type Kind string

// The kinds.
const (
	Sent     Kind = "sent"     // a RST was sent
	Received Kind = "received" // a RST ended a connection
	Failed   Kind = "failed"   // an error ended one, and no RST did
)

// An Event is one end of a TCP connection at the moment at which that was reset
// or failed, as the kernel told it. A field that it did not tell is zero, but
// where the field says otherwise.
type Event struct {
	Time   time.Time      `json:"time"`
	Kind   Kind           `json:"kind"`
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	Netns  uint32         `json:"netns,omitempty"`  // inode of the network namespace
	Cgroup uint64         `json:"cgroup,omitempty"` // inode of the cgroup's directory (v2)
	Group  Group          `json:"group"`            // what Cgroup is called
	UID    uint32         `json:"uid"`              // of who made the socket; 0 also where Whole is false
	Reason tcp.Reason     `json:"reason,omitempty"`
	Error  string         `json:"error,omitempty"` // the errno's name, of Failed

	// Passive says that a segment that came was answered; Answered is that segment.
	Passive  bool     `json:"passive,omitempty"`
	Answered *Segment `json:"answered,omitempty"`

	// Whole says that the kernel told of the socket what follows.
	Whole           bool          `json:"whole"`
	Was             tcp.State     `json:"was,omitempty"`        // the state before the end
	StillOpen       bool          `json:"still_open,omitempty"` // it was still in that state
	Unread          int64         `json:"unread"`               // bytes that came and were not read
	Unacked         int64         `json:"unacked"`              // bytes that were sent and not acknowledged
	Unsent          int64         `json:"unsent"`               // bytes that were written and not sent
	BytesSent       int64         `json:"bytes_sent"`
	BytesReceived   int64         `json:"bytes_received"`
	RoundTrip       time.Duration `json:"round_trip,omitempty"` // smoothed
	Retransmissions int           `json:"retransmissions,omitempty"`
	Idle            time.Duration `json:"idle"` // since data was last sent; -1: not known
	Age             time.Duration `json:"age"`  // since the handshake was over; -1: not known
	LingerZero      bool          `json:"linger_zero,omitempty"`
	Orphan          bool          `json:"orphan,omitempty"`     // no process held it any more
	Unaccepted      bool          `json:"unaccepted,omitempty"` // none had accepted it
	Queue           int           `json:"queue,omitempty"`      // of a listener: connections to accept
	QueueMost       int           `json:"queue_most,omitempty"` // and how many may be there

	// AtHand is the process in whose time it happened, which need not have a part
	// in it; Call its system call, "" if that is not known.
	AtHand Process `json:"at_hand"`
	Call   string  `json:"call,omitempty"`
	Dying  bool    `json:"dying,omitempty"`  // that process is about to end
	Signal string  `json:"signal,omitempty"` // of which signal; "": it exits, or that is not known
	OOM    bool    `json:"oom,omitempty"`    // the OOM killer sent that signal
	Owner  Owner   `json:"owner"`

	// Times is how many events this one stands for, of the same kind and only
	// counted, since there were more in a second than Options.Rate; 0: for itself.
	Times int64 `json:"times,omitempty"`

	// Counter is the kernel's counter that told of it, of the source counters: then
	// it is no connection but Times of them, whose ends nobody knows. Gone are
	// connections that were there before and are not any more.
	Counter string   `json:"counter,omitempty"`
	Gone    []string `json:"gone,omitempty"`

	cookie uint64
	slot   uint16 // of its kind
	inside bool   // of a container that is asked for
	role   Role   // as far as the source knew it
}

// A Segment is what is known of a segment that was answered.
type Segment struct {
	Flags  string `json:"flags"` // as "PSH ACK"
	Len    int    `json:"len"`   // bytes of payload
	Window int    `json:"window"`
	TTL    int    `json:"ttl"`
	IPID   int    `json:"ip_id"`
}

// A Process is a process by its number and name. The zero value is none.
type Process struct {
	PID  int    `json:"pid,omitempty"`
	Name string `json:"name,omitempty"` // its own choice, and so hostile text
}

// String is the name and the number, such as "nginx-812", fit for a terminal;
// "" for none.
func (p Process) String() string {
	if p.PID == 0 {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != ' ' {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(p.Name, "_"))
	return fmt.Sprintf("%s-%d", name, p.PID)
}

// A How is how the owner of a socket is known.
type How string

// What is known of an owner.
const (
	Unknown   How = ""          // there is none, or nothing is known
	AtHand    How = "at-hand"   // it ended the connection in this moment
	Closed    How = "closed"    // it had closed it before
	Connected How = "connected" // it made the connection
	Holds     How = "holds"     // it alone was found to hold it
	Shares    How = "shares"    // several were found to hold it
	Listened  How = "listened"  // it called listen; another may have accepted
)

// An Owner is the process whose connection it was.
type Owner struct {
	Process
	How How `json:"how,omitempty"`
	// Others are the others that hold it, of Shares.
	Others []Process `json:"others,omitempty"`
}

// Sure says whether the owner is certain.
func (o Owner) Sure() bool {
	return o.PID != 0 && o.How != Listened && o.How != Shares && o.How != Unknown
}

// String names the owner: "nginx-812"; "nginx-812?" if it may be another one;
// "a-1 or b-2" if several hold it; "" if nothing is known.
func (o Owner) String() string {
	switch {
	case o.PID == 0:
		return ""
	case o.How == Shares && len(o.Others) > 0:
		names := []string{o.Process.String()}
		for _, other := range o.Others {
			names = append(names, other.String())
		}
		return strings.Join(names, " or ")
	case !o.Sure():
		return o.Process.String() + "?"
	}
	return o.Process.String()
}
