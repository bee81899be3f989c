package claims

// unshown says in a sentence why no real program shows a claim.
func unshown() map[ID]string {
	const (
		ofKernel = "It is the kernel's doing, whichever program has the socket: a real one would show the same kernel once more."
		ofState  = "It takes a kernel that loses a connection under its program, which no program does: netlab does it to the toys."
		ofSshd   = "A share takes thousands of connections before its false alarms are rare: sshd-drops-beyond-max-startups shows sshd with no slot and with one."
	)
	return map[ID]string{
		GoUnreadData:           "It counts the bytes in the server's kernel, of which a real program does not tell: unread-close is what comes of them.",
		RSTNotHandshake:        ofKernel,
		IncorrectSegment:       "No real program makes segments: its kernel does, and correct ones.",
		DataReturned:           ofKernel,
		BothFromPeer:           "None of the programs here shuts its own half down and writes on, as it takes to get EPIPE without the peer.",
		FreeResources:          "None of the programs here was seen to keep what was reset, as it takes.",
		SocketClosed:           "It takes a program that closes a socket under a call of its own: that would be one written for it.",
		UnknownConnection:      ofState,
		CrashAndBack:           ofState,
		CloseInTransit:         "Whether bytes are in transit when a real program closes is chance; what comes after it has closed is shown as idle-timeout and quit-command.",
		BuffersLost:            "It counts the bytes in both kernels' buffers, of which a real program does not tell.",
		PeerLostState:          ofState,
		LocallyGenerated:       ofKernel,
		Datagram:               "None of the programs here speaks UDP.",
		KeepaliveDeadPeer:      ofKernel,
		KeepaliveMustBeEnabled: ofKernel,
		KeepaliveNoData:        ofKernel,
		MaxStartups:            ofSshd,
		MaxStartupsPeriod:      ofSshd,
		Zombies:                "It takes a program that does not reap its children, which none of those here is known to be.",
		BusyCPU:                ofKernel,
		ProbeIgnorable:         "It counts clients that are served and errors that are logged, which a program must be written to leave out.",
	}
}
