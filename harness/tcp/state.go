package tcp

// A State is a state of a connection by the kernel's name for it
// (include/net/tcp_states.h); RFC 9293, section 3.3.2, has the diagram. The
// empty State says that it is not known.
type State string

// The states. SYN_RECV is SYN-RECEIVED in the RFC and CLOSE is CLOSED. The
// kernel also says NEW_SYN_RECV of a handshake that has no socket yet.
const (
	StateListen      State = "LISTEN"
	StateSynSent     State = "SYN_SENT"
	StateSynReceived State = "SYN_RECV"
	StateEstablished State = "ESTABLISHED"
	StateFinWait1    State = "FIN_WAIT1"
	StateFinWait2    State = "FIN_WAIT2"
	StateCloseWait   State = "CLOSE_WAIT"
	StateClosing     State = "CLOSING"
	StateLastAck     State = "LAST_ACK"
	StateTimeWait    State = "TIME_WAIT"
	StateClosed      State = "CLOSE"
)
