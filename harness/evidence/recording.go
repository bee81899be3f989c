package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// Version is the version of the recording's JSON form. It grows when a field
// changes its meaning or goes; a new field alone does not change it.
const Version = 1

// A Level says what a recording's answers rest on.
type Level string

const (
	Observed Level = "observed" // the kernel's own tracepoints
	Inferred Level = "inferred" // counters and the shape of the segments
	AppOnly  Level = "app-only" // the calls of the two ends and nothing else
)

// A Lane is one source of evidence.
type Lane string

const (
	Calls    Lane = "calls"
	Wire     Lane = "wire"
	Kernel   Lane = "kernel"
	Counters Lane = "counters"
	Lines    Lane = "lines" // what programs have said, and how they ended
)

// A Recording is the evidence of one run.
type Recording struct {
	Version  int            `json:"version"`
	Scenario string         `json:"scenario"`       // what was run, in a sentence
	Spec     string         `json:"spec,omitempty"` // the name of that, if it has one
	Started  time.Time      `json:"started"`        // when the time line begins
	System   string         `json:"system"`         // operating system and kernel release
	Level    Level          `json:"level"`
	Missing  []MissingLane  `json:"missing,omitempty"`
	Gaps     []Gap          `json:"gaps,omitempty"` // when lanes that are there may not have seen all
	Hosts    []Host         `json:"hosts"`          // the lifelines, in the order of drawing
	Flows    []Flow         `json:"flows"`          // the connections, in the order of their first event
	Events   []Event        `json:"events"`
	Resets   []Reset        `json:"resets,omitempty"` // one for each RST
	Counters []CounterDelta `json:"counters,omitempty"`
	Outcomes []tcp.Outcome  `json:"outcomes,omitempty"` // what each end of each connection saw
	// LostPackets counts segments that the capture dropped, LostEvents the
	// kernel events and journal entries that found no room.
	LostPackets uint64 `json:"lost_packets,omitempty"`
	LostEvents  uint64 `json:"lost_events,omitempty"`
}

// Lacks says whether a lane is named as missing.
func (r *Recording) Lacks(lane Lane) bool {
	return slices.ContainsFunc(r.Missing, func(m MissingLane) bool { return m.Lane == lane })
}

// A MissingLane is a lane that this recording does not have.
type MissingLane struct {
	Lane Lane   `json:"lane"`
	Why  string `json:"why"` // and what would give it
}

// A Gap is a time in which a lane may not have seen all that happened, and for
// which nothing follows from what it does not show.
type Gap struct {
	Lane Lane          `json:"lane"`
	From time.Duration `json:"from"` // nanoseconds since Started
	To   time.Duration `json:"to"`
	Lost uint64        `json:"lost,omitempty"` // how many events, as far as known; 0: it is not known
	Why  string        `json:"why"`
}

// A Host is a lifeline: "client", "proxy", "server".
type Host struct {
	Name string `json:"name"`
	IP   string `json:"ip,omitempty"`
	// Proxy says that it stands between others, and that its calls are in no
	// journal.
	Proxy bool `json:"proxy,omitempty"`
	// Private says that it has a network namespace, and counters, of its own.
	Private bool `json:"private,omitempty"`
}

// A Flow is one TCP connection. The two sides of a proxy are two flows. So are
// the two sides of a NAT, although they are one connection: the far side names
// the host that translates, and the near side.
type Flow struct {
	Client     string `json:"client"`      // address of the end that connected, ip:port
	Server     string `json:"server"`      // address of the end that accepted
	ClientHost string `json:"client_host"` // the lifelines of the two
	ServerHost string `json:"server_host"`
	NAT        string `json:"nat,omitempty"`  // the host through which this is the far side of Near; "" if it is none
	Near       int    `json:"near,omitempty"` // index into Flows; without meaning if NAT is empty
}

// An Event is one point of the time line. Exactly one of Call, Packet, ICMP, State,
// Trace, Figures, Bulk, Line and Exit is set, according to its kind. Events are in
// causal order: a kernel's note about a RST stands at the RST although it is
// stamped later. A Line and an Exit stand where this process learned of them,
// which may be behind what followed from them.
type Event struct {
	At     time.Duration `json:"at"`   // nanoseconds since Started
	Flow   int           `json:"flow"` // index into Flows; -1 if it belongs to none
	Host   string        `json:"host"` // where it happened; for a packet, who sent it
	Call   *Call         `json:"call,omitempty"`
	Packet *Packet       `json:"packet,omitempty"`
	ICMP   *ICMP         `json:"icmp,omitempty"`
	State  *StateChange  `json:"state,omitempty"`
	Trace  *ResetTrace   `json:"trace,omitempty"`
	// Figures are what the kernel said of the socket of that end.
	Figures *Figures `json:"figures,omitempty"`
	// Bulk are segments that a source did not keep one by one.
	Bulk *Bulk `json:"bulk,omitempty"`
	Line *Line `json:"line,omitempty"`
	Exit *Exit `json:"exit,omitempty"`
}

// A Bulk is the sums of a run of segments from one host to another.
type Bulk struct {
	To       string `json:"to"`       // the host that they went to
	Segments int64  `json:"segments"` // how many there were
	Data     int64  `json:"data"`     // how many of them had payload
	Bytes    int64  `json:"bytes"`    // of payload, each byte once
}

// A Call is a call of an application, placed at its start; it returned
// Duration later.
type Call struct {
	tcp.Call
	Conn int `json:"conn"` // the connection's number in the journal
}

// A Packet is a TCP segment as it was on the wire.
type Packet struct {
	To     string `json:"to"`     // the host that it went to
	Flags  string `json:"flags"`  // as "SYN", "PSH ACK", "RST ACK"
	Seq    uint32 `json:"seq"`    // relative to the initial sequence number of its sender
	Ack    uint32 `json:"ack"`    // relative to that of its receiver; 0 without ACK
	Len    int    `json:"len"`    // bytes of payload
	Window int    `json:"window"` // as in the header, not scaled
	TTL    int    `json:"ttl"`    // or the hop limit
	IPID   int    `json:"ip_id"`  // IPv4's identification; 0 in IPv6
	Data   []byte `json:"data"`   // from the IP header on, as far as it was captured
	Length int    `json:"length"` // of the whole IP packet
	// Dropped says that it did not come to where it was going, although that
	// host was watched. What the host itself drops has come.
	Dropped bool `json:"dropped,omitempty"`
	// Translated says that its sender, a NAT, only passed on, with another
	// address, what is an event of its own.
	Translated bool `json:"translated,omitempty"`
	// Unknown names what the source did not show, so that nothing follows from
	// the fields for it. The zero value: it showed all.
	Unknown Fields `json:"unknown,omitempty"`
	// Options are the options of the TCP header where Data does not have them,
	// as in printed traces; nil: look into Data, see [Packet.TCPOptions].
	Options *TCPOptions `json:"options,omitempty"`
	// Path is where the captures of hosts in namespaces of their own saw it, in
	// order; empty on the loopback.
	Path []Sighting `json:"path,omitempty"`
}

// A Sighting is a segment seen at a host.
type Sighting struct {
	Host    string `json:"host"`
	Leaving bool   `json:"leaving,omitempty"` // or else coming
}

// RST says whether the segment is a reset.
func (p *Packet) RST() bool { return p.Has("RST") }

// Has says whether the segment has a flag, such as "ACK" (RFC 9293, section
// 3.1).
func (p *Packet) Has(flag string) bool {
	for name := range strings.FieldsSeq(p.Flags) {
		if name == flag {
			return true
		}
	}
	return false
}

// A Sender is what kind of thing sent a RST.
type Sender string

const (
	Application Sender = "application" // a call of a process made the kernel send it
	KernelReply Sender = "kernel"      // the kernel's answer to a segment that arrived
	Timer       Sender = "timer"       // the kernel's own timer
	Between     Sender = "between"     // nobody on a known host: a device between, or a forger
	Unknown     Sender = "unknown"     // the lanes at hand do not tell
)

// A Reset is the verdict on one RST.
type Reset struct {
	Event  int    `json:"event"` // index of its packet in Events; -1 if the wire was not seen
	Flow   int    `json:"flow"`
	Sender Sender `json:"sender"`
	Host   string `json:"host,omitempty"` // whose stack sent it; empty for Between and Unknown
	// Origin says where one that is Between came into being: in one host, which
	// it left without having come there, or between two. It is empty where no
	// capture tells.
	Origin []string `json:"origin,omitempty"`
	By     string   `json:"by,omitempty"`     // the process (comm-pid) and call that did, as far as known
	Cause  int      `json:"cause"`            // index of the call or segment in Events that brought it about; -1 if unknown
	Reason string   `json:"reason,omitempty"` // the kernel's name for why, as "TCP_ABORT_ON_CLOSE"
	Why    string   `json:"why"`              // the same in words
	Level  Level    `json:"level"`            // what this verdict rests on
	Clue   string   `json:"clue"`             // what decided it
	Lost   []Loss   `json:"lost,omitempty"`   // by direction; empty if nothing was lost or nothing is known
}

// A Loss is what one direction of a connection lost.
type Loss struct {
	From      string `json:"from"`      // the host that wrote
	Written   int64  `json:"written"`   // bytes that write took
	Delivered int64  `json:"delivered"` // bytes that read gave at the other end
}

// A CounterDelta is how far a counter of the kernel moved during the run.
type CounterDelta struct {
	Host string `json:"host,omitempty"` // whose network namespace; empty: the one that all hosts share
	Name string `json:"name"`           // as "OutRsts", "TCPAbortOnClose"
	By   int64  `json:"by"`
	// Noisy says that others use the same namespace, so that the counter may
	// have moved for them.
	Noisy bool `json:"noisy,omitempty"`
}

// Saw returns how the connection ended for the end at host, "" if the
// recording has no outcome of it. Where there are several connections the
// first that failed counts.
func (r *Recording) Saw(host string) tcp.Ending {
	ending := tcp.Ending("")
	for _, outcome := range r.Outcomes {
		if outcome.Host != host {
			continue
		}
		if ending == "" || ending == tcp.Open || ending == tcp.Closed {
			ending = outcome.Ending
		}
	}
	return ending
}
