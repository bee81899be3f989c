package origins

import (
	"bufio"
	"net"
	"sync"
)

// A lineServer serves connections that send lines.
type lineServer struct {
	*ledger
	listener net.Listener
	serving  sync.WaitGroup
	take     take
}

// A take does what a line asks for. An error ends the connection.
type take func(l *ledger, conn net.Conn, line string) error

// startLineServer starts one on a free port of 127.0.0.1.
func startLineServer(take take) (*lineServer, error) {
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	s := &lineServer{ledger: newLedger(), listener: listener, take: take}
	s.serving.Go(s.accept)
	return s, nil
}

// Addr returns its address, host:port.
func (s *lineServer) Addr() string { return s.listener.Addr().String() }

// Close stops listening and waits until every connection is over; the audit's
// are when the audit is.
func (s *lineServer) Close() error {
	err := s.listener.Close()
	s.serving.Wait()
	return err
}

func (s *lineServer) accept() {
	acceptAll(s.listener, func(conn net.Conn) { s.serving.Go(func() { s.serve(conn) }) })
}

// longestLine is how long a line may be.
const longestLine = 4 << 10

func (s *lineServer) serve(conn net.Conn) {
	defer s.left(sourceOf(conn))
	defer conn.Close()
	for lines := bufio.NewReaderSize(conn, longestLine); ; {
		line, err := lines.ReadSlice('\n')
		if err == nil {
			err = s.take(s.ledger, conn, string(line))
		}
		if err != nil {
			return
		}
	}
}
