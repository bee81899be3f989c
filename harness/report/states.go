package report

// stateKind groups the socket states by what a connection can still do, in
// one word that drawings take their colour from.
func stateKind(state string) string {
	switch state {
	case "SYN_SENT", "SYN_RECV", "NEW_SYN_RECV", "LISTEN":
		return "opening"
	case "ESTABLISHED":
		return "open"
	case "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK":
		return "closing"
	case "CLOSE_WAIT":
		return "half"
	case "TIME_WAIT":
		return "waiting"
	}
	return "closed"
}
