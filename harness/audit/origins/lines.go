package origins

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
)

// Lines is a server of the line protocol: a request is "OPERATION ID", the
// reply is "done ID" and some data. A third word of the request, the shape, is
// how many bytes the reply shall have at least, its line feed included; what
// follows is not looked at. An operation "once" is executed once for each id,
// whatever comes.
type Lines struct{ *lineServer }

// StartLines starts the server on a free port of 127.0.0.1.
func StartLines() (*Lines, error) {
	server, err := startLineServer(answerLine)
	if err != nil {
		return nil, err
	}
	return &Lines{server}, nil
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

func answerLine(l *ledger, conn net.Conn, line string) error {
	words := append(strings.Fields(line), "", "", "")
	operation, id, shape := words[0], words[1], words[2]
	if operation == "once" {
		l.executeOnce(id)
	} else {
		l.execute(id)
	}
	_, err := fmt.Fprintln(conn, lineOf(id, shape))
	return err
}
