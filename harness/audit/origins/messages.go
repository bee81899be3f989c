package origins

import (
	"net"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
)

// Messages is a server that takes messages of one line each and never replies,
// as one of syslog over TCP does (RFC 6587, section 3.4.2). The last word of a
// message is the id of the call, which is executed for each that is complete.
type Messages struct{ *lineServer }

// StartMessages starts the server on a free port of 127.0.0.1.
func StartMessages() (*Messages, error) {
	server, err := startLineServer(takeMessage)
	if err != nil {
		return nil, err
	}
	return &Messages{server}, nil
}

// Reply returns nil: there is none.
func (m *Messages) Reply(audit.Call) []byte { return nil }

func takeMessage(l *ledger, _ net.Conn, line string) error {
	if words := strings.Fields(line); len(words) > 0 {
		l.execute(words[len(words)-1])
	}
	return nil
}
