package origins

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness/audit"
)

// RESP is a server of a part of Redis' protocol, RESP2 and RESP3: enough for
// go-redis, redis-cli and others like them. The key of a command is the id of
// its operation:
//
//	GET id        Read        replies with data
//	LRANGE id …   Read        replies with an array of data: the shape "array"
//	SET id …      Idempotent
//	INCR id       Write       replies with how often it was executed
//
// Within MULTI and EXEC, commands are executed by EXEC.
type RESP struct {
	*ledger
	listener net.Listener
	serving  sync.WaitGroup
}

// StartRESP starts the server on a free port of 127.0.0.1.
func StartRESP() (*RESP, error) {
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	r := &RESP{ledger: newLedger(), listener: listener}
	r.serving.Go(r.accept)
	return r, nil
}

// Addr returns its address, host:port.
func (r *RESP) Addr() string { return r.listener.Addr().String() }

// Close stops listening and waits until every connection is over; the audit's
// are when the audit is.
func (r *RESP) Close() error {
	err := r.listener.Close()
	r.serving.Wait()
	return err
}

// Reply returns the data of the reply to GET, the elements of that to LRANGE
// one after the other, and OK for SET. What INCR replies depends on what came
// before.
func (r *RESP) Reply(c audit.Call) []byte {
	switch c.Operation {
	case audit.Idempotent:
		return []byte("OK")
	case audit.Write:
		return nil
	}
	if c.Shape == "array" {
		return slices.Concat(elements(c.ID)...)
	}
	return []byte(lineFor(c.ID))
}

// elements are those of the array that LRANGE replies with.
func elements(id string) [][]byte {
	line := []byte(lineFor(id))
	return [][]byte{line, line, line}
}

func (r *RESP) accept() {
	for {
		conn, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			r.serving.Go(func() { r.serve(conn) })
		}
	}
}

func (r *RESP) serve(conn net.Conn) {
	defer r.left(sourceOf(conn))
	defer conn.Close()
	s := session{origin: r, version: 2}
	replies := bufio.NewWriter(conn)
	for commands := bufio.NewReader(conn); ; {
		words, err := readCommand(commands)
		if err != nil {
			return
		}
		if len(words) > 0 {
			replies.Write(s.perform(words))
		}
		if commands.Buffered() == 0 && replies.Flush() != nil {
			return
		}
	}
}

// Bounds of a command.
const (
	maxWords = 1 << 10
	maxWord  = 1 << 20
)

var errNoCommand = errors.New("not a command")

// readCommand reads a command, an array of bulk strings or a line.
func readCommand(from *bufio.Reader) (words []string, err error) {
	line, err := readLine(from)
	if err != nil {
		return nil, err
	}
	count, isArray := strings.CutPrefix(line, "*")
	if !isArray {
		return strings.Fields(line), nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxWords {
		return nil, errNoCommand
	}
	for range n {
		line, err := readLine(from)
		if err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(strings.TrimPrefix(line, "$"))
		if err != nil || size < 0 || size > maxWord {
			return nil, errNoCommand
		}
		word := make([]byte, size+len("\r\n"))
		if _, err := io.ReadFull(from, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:size]))
	}
	return words, nil
}

func readLine(from *bufio.Reader) (string, error) {
	line, err := from.ReadSlice('\n') // as much as the reader's buffer has
	return strings.TrimRight(string(line), "\r\n"), err
}

// A session is what a connection remembers.
type session struct {
	origin  *RESP
	version int        // of RESP
	multi   bool       // between MULTI and EXEC
	queued  [][]string // commands since
}

// perform executes a command, or queues it, and returns the reply.
func (s *session) perform(words []string) []byte {
	name := strings.ToUpper(words[0])
	switch {
	case name == "MULTI":
		s.multi = true
		return []byte("+OK\r\n")
	case name == "DISCARD":
		s.multi, s.queued = false, nil
		return []byte("+OK\r\n")
	case name == "EXEC" && !s.multi:
		return []byte("-ERR EXEC without MULTI\r\n")
	case name == "EXEC":
		reply := fmt.Appendf(nil, "*%d\r\n", len(s.queued))
		for _, words := range s.queued {
			reply = append(reply, s.execute(words)...)
		}
		s.multi, s.queued = false, nil
		return reply
	case s.multi:
		s.queued = append(s.queued, words)
		return []byte("+QUEUED\r\n")
	}
	return s.execute(words)
}

// execute does what a command says and returns the reply.
func (s *session) execute(words []string) []byte {
	name, key := strings.ToUpper(words[0]), ""
	if len(words) > 1 {
		key = words[1]
	}
	switch name {
	case "HELLO":
		return s.hello(key)
	case "PING":
		if key != "" {
			return bulk(nil, []byte(key))
		}
		return []byte("+PONG\r\n")
	case "CLIENT":
		if sub := strings.ToUpper(key); sub != "SETINFO" && sub != "SETNAME" {
			return []byte("-ERR unknown subcommand\r\n")
		}
		return []byte("+OK\r\n")
	case "AUTH", "SELECT", "READONLY", "WATCH", "UNWATCH", "QUIT":
		return []byte("+OK\r\n")
	case "COMMAND":
		return []byte("*0\r\n")
	}
	return s.count(name, key)
}

// count executes what counts.
func (s *session) count(name, key string) []byte {
	if key == "" || !slices.Contains([]string{"GET", "LRANGE", "SET", "INCR"}, name) {
		return fmt.Appendf(nil, "-ERR unknown command or no key: %.32q\r\n", name)
	}
	n := s.origin.execute(key)
	switch name {
	case "GET":
		return bulk(nil, []byte(lineFor(key)))
	case "LRANGE":
		list := elements(key)
		reply := fmt.Appendf(nil, "*%d\r\n", len(list))
		for _, element := range list {
			reply = bulk(reply, element)
		}
		return reply
	case "INCR":
		return fmt.Appendf(nil, ":%d\r\n", n)
	}
	return []byte("+OK\r\n")
}

// hello changes the version of the protocol and describes the server.
func (s *session) hello(version string) []byte {
	switch version {
	case "2", "3":
		s.version, _ = strconv.Atoi(version)
	case "":
	default:
		return []byte("-NOPROTO unsupported protocol version\r\n")
	}
	var reply []byte
	if s.version == 3 {
		reply = append(reply, "%3\r\n"...)
	} else {
		reply = append(reply, "*6\r\n"...)
	}
	reply = bulk(bulk(reply, []byte("server")), []byte("redis"))
	reply = bulk(bulk(reply, []byte("version")), []byte("7.4.0"))
	return fmt.Appendf(bulk(reply, []byte("proto")), ":%d\r\n", s.version)
}

func bulk(to, data []byte) []byte {
	to = fmt.Appendf(to, "$%d\r\n", len(data))
	return append(append(to, data...), "\r\n"...)
}
