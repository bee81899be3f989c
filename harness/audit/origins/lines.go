package origins

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness/audit"
)

// Lines is a server of the line protocol: a request is "OPERATION ID", the
// reply is "done ID" and some data. A third word of the request, the shape, is
// how many bytes the reply shall have at least, its line feed included; what
// follows is not looked at. An operation "once" is executed once for each id,
// whatever comes.
type Lines struct {
	*ledger
	listener net.Listener
	serving  sync.WaitGroup
}

// StartLines starts the server on a free port of 127.0.0.1.
func StartLines() (*Lines, error) {
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	l := &Lines{ledger: newLedger(), listener: listener}
	l.serving.Go(l.accept)
	return l, nil
}

// Addr returns its address, host:port.
func (l *Lines) Addr() string { return l.listener.Addr().String() }

// Close stops listening and waits until every connection is over; the audit's
// are when the audit is.
func (l *Lines) Close() error {
	err := l.listener.Close()
	l.serving.Wait()
	return err
}

// Reply returns the reply without its line feed.
func (l *Lines) Reply(c audit.Call) []byte { return []byte(lineOf(c.ID, c.Shape)) }

// lineOf is the reply without its line feed.
func lineOf(id, shape string) string {
	line := lineFor(id)
	size, err := strconv.Atoi(shape)
	if err == nil && size > len(line)+1 && size <= maxLine {
		line += strings.Repeat(".", size-1-len(line))
	}
	return line
}

// maxLine bounds what a client can ask for.
const maxLine = 1 << 20

func lineFor(id string) string { return "done " + id + " " + strings.Repeat(id, 4) }

func (l *Lines) accept() {
	for {
		conn, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			l.serving.Go(func() { l.serve(conn) })
		}
	}
}

// longestLine is how long a request may be.
const longestLine = 4 << 10

func (l *Lines) serve(conn net.Conn) {
	defer l.left(sourceOf(conn))
	defer conn.Close()
	for lines := bufio.NewReaderSize(conn, longestLine); ; {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		words := append(strings.Fields(string(line)), "", "", "")
		operation, id, shape := words[0], words[1], words[2]
		if operation == "once" {
			l.executeOnce(id)
		} else {
			l.execute(id)
		}
		if _, err := fmt.Fprintln(conn, lineOf(id, shape)); err != nil {
			return
		}
	}
}
