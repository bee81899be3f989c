package claims

// What a RST is and what it does (guide, jby).
const (
	Errno104           ID = "errno-104"
	RSTNotHandshake    ID = "rst-not-handshake"
	IncorrectSegment   ID = "incorrect-segment"
	DataReturned       ID = "data-returned"
	BothFromPeer       ID = "both-from-peer"
	FreeResources      ID = "free-resources"
	SocketClosed       ID = "socket-closed"
	UnknownConnection  ID = "unknown-connection"
	CrashAndBack       ID = "crash-and-back"
	CloseInTransit     ID = "close-in-transit"
	UnreadClose        ID = "unread-close"
	BuffersLost        ID = "buffers-lost"
	RefuseIsReset      ID = "refuse-is-reset"
	PeerLostState      ID = "peer-lost-state"
	PeerRestartTimeout ID = "peer-restart-timeout"
	LocallyGenerated   ID = "locally-generated"
	NotFromPeer        ID = "not-from-peer"
	Datagram           ID = "datagram"
	BrowserLeaves      ID = "browser-leaves"
)

func resets() []Claim {
	return []Claim{
		{ID: Errno104, Document: "jby", Seen: []string{"104: connection reset by peer"},
			Says: "on Linux ECONNRESET is 104, \"Connection reset by peer\""},
		{ID: RSTNotHandshake, Document: "jby", Seen: []string{"ESTABLISHED and ESTABLISHED → CLOSE and CLOSE"},
			Says: "a RST ends the connection at once, without the FIN handshake and the half-closed state"},
		{ID: IncorrectSegment, Document: "guide", Seen: []string{"reset"},
			Says: "a RST answers any incorrect segment of an active connection"},
		{ID: DataReturned, Document: "guide", Seen: []string{"data segments that came back: 1"},
			Says: "the peer returns the data packet while sending the RST"},
		{ID: BothFromPeer, Document: "guide", Seen: []string{"broken-pipe, the peer is closed"},
			Says: "ECONNRESET and EPIPE both occur when the peer closes unexpectedly"},
		{ID: FreeResources, Document: "guide", Seen: []string{"4 of 4 held after the reset, 0 after close"},
			Says: "after a reset one should close the socket and free what belongs to it"},
		{ID: SocketClosed, Document: "jby", Seen: []string{"closed"},
			Says: "going away on one's own gives \"Socket Closed\" and not a reset"},
		{ID: UnknownConnection, Document: "guide", Seen: []string{"read: reset"},
			Says: "a segment for a connection that the other end does not know is answered with RST"},
		{ID: CrashAndBack, Document: "guide", Seen: []string{"read: reset"},
			Says: "the other side crashed and came back: the next segment draws a RST"},
		{ID: CloseInTransit, Document: "guide", Seen: []string{"read: reset", "write: reset"},
			Says: "the other side closes while data is in transit to it: ECONNRESET, and the data may be lost"},
		{ID: UnreadClose, Document: "guide", Seen: []string{"read: reset"},
			Says: "the peer closed without reading the transferred data: ECONNRESET"},
		{ID: BuffersLost, Document: "guide", Seen: []string{"0 bytes of 5 were readable"},
			Says: "a RST loses the data in the buffers of both ends and in transit"},
		{ID: RefuseIsReset, Document: "guide", Seen: []string{"connect: reset"},
			Says: "a RST that answers a connection attempt gives \"connection reset by peer\""},
		{ID: PeerLostState, Document: "jby", Seen: []string{"read: reset"},
			Says: "the peer lost its state of the connection, its machine went down"},
		{ID: PeerRestartTimeout, Document: "jby", Seen: []string{"read: reset"},
			Says: "the connection was lost at the remote socket by a timeout or a restart"},
		{ID: LocallyGenerated, Document: "jby", Seen: []string{"read: reset", "so_error: reset"},
			Says: "the reset can be generated locally when the system detects a failure"},
		{ID: NotFromPeer, Document: "jby", Seen: []string{"read: reset"},
			Says: "any device on the way may have sent the RST"},
		{ID: Datagram, Document: "jby", Seen: []string{"reset"}, KnownOn: "Windows",
			Says: "a datagram socket gets the error when ICMP port unreachable comes back"},
		{ID: BrowserLeaves, Document: "jby", Seen: []string{"read: reset", "write: reset"},
			Says: "the user leaves before the response is complete: the server gets the error"},
	}
}
