package origins

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// A session is a connection of a client.
type session struct {
	origin  *RESP
	peer    *server.Peer
	replies *replies
	over    bool            // the connection is to be closed
	multi   bool            // between MULTI and EXEC
	queued  map[string]bool // the operations named since, and whether one of the commands can change data
}

// read hands the commands of a connection over until it ends.
func (s *session) read(conn net.Conn, commands chan<- []string) {
	for from := bufio.NewReaderSize(conn, 64<<10); ; { // that long a line, as Redis
		words, err := readCommand(from)
		var violation protocolError
		if errors.As(err, &violation) {
			commands <- []string{badCommand, violation.Error()}
		}
		if err != nil {
			s.peer.Close() // for a command that waits; the others are performed all the same
			s.origin.wake()
			return
		}
		if len(words) > 0 {
			commands <- words
		}
	}
}

// badCommand is the name that no command can have: of what was none.
const badCommand = "\r\n"

// perform executes a command, or queues it, sends the reply, and counts.
func (s *session) perform(words []string) {
	name := strings.ToUpper(words[0])
	s.replies.begin()
	if !s.answer(words[0], words[1:]) {
		s.origin.commands.Dispatch(s.peer, words)
	}
	s.peer.Flush()
	s.over = s.over || name == "QUIT"
	reply := s.replies.begun()
	failed := len(reply) == 0 || reply[0] == '-' // nothing is there if it waited until the connection was gone
	switch {
	case name == "MULTI" && !failed:
		s.multi, s.queued = true, map[string]bool{}
	case name == "DISCARD" && !failed, name == "EXEC" && failed:
		s.multi, s.queued = false, nil
	case name == "EXEC":
		if !bytes.HasPrefix(reply, []byte("*-1")) && reply[0] != '_' { // a key of WATCH had changed
			s.count(s.queued)
		}
		s.multi, s.queued = false, nil
	case failed || slices.Contains(uncounted, name):
	case s.multi:
		for id, writes := range s.named(name, words[1:]) {
			s.queued[id] = s.queued[id] || writes
		}
	default:
		s.count(s.named(name, words[1:]))
	}
}

// uncounted are commands that execute nothing, whatever they name.
var uncounted = []string{
	badCommand, "AUTH", "CLIENT", "COMMAND", "CONFIG", "ECHO", "HELLO", "INFO", "OBJECT", "PING", "PSUBSCRIBE",
	"PUNSUBSCRIBE", "PUBSUB", "QUIT", "READONLY", "READWRITE", "SCRIPT", "SELECT", "SUBSCRIBE", "UNSUBSCRIBE", "UNWATCH",
	"WATCH",
}

// callID is what the audit's ids look like.
var callID = regexp.MustCompile(`[0-9a-z]{6}-[0-9a-z]{6}`)

// isID says whether a key is the id of a call and nothing else.
func isID(key string) bool { return callID.FindString(key) == key && key != "" }

// named returns the operations that a command names, and whether it can change
// data.
func (s *session) named(name string, arguments []string) map[string]bool {
	writes := !s.origin.commands.IsReadOnlyCommand(name)
	ids := map[string]bool{}
	for i, argument := range arguments {
		if i == 0 {
			ids[argument] = writes
		}
		for _, id := range idsIn(argument) {
			ids[id] = writes
		}
	}
	return ids
}

// idsIn returns what may be ids of calls in a text. They may overlap: orders-ID
// looks like two.
func idsIn(text string) (ids []string) {
	for start := 0; ; start++ {
		found := callID.FindStringIndex(text[start:])
		if found == nil {
			return ids
		}
		first, end := start+found[0], start+found[1]
		if (first == 0 || !isAlphanumeric(text[first-1])) && (end == len(text) || !isAlphanumeric(text[end])) {
			ids = append(ids, text[first:end])
		}
		start = first
	}
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// count enters executions.
func (s *session) count(ids map[string]bool) {
	for id, writes := range ids {
		if writes {
			s.origin.execute(id)
		} else {
			s.origin.reads.execute(id)
		}
	}
}

// answer replies to what miniredis does not know, or knows otherwise.
func (s *session) answer(written string, arguments []string) (answered bool) {
	name := strings.ToUpper(written)
	switch {
	case name == badCommand:
		s.peer.WriteError(arguments[0])
		s.over = true
		return true
	case s.multi && slices.Contains(alone, name):
		s.fail("ERR Command not allowed inside a transaction")
		return true
	}
	switch name {
	case "HELLO":
		s.hello(arguments)
	case "AUTH", "READONLY", "READWRITE":
		s.peer.WriteOK() // any password is good; nothing here is a replica
	case "CLIENT":
		return s.client(arguments)
	case "CONFIG":
		s.config(arguments)
	case "INFO":
		s.peer.WriteBulk(information(arguments))
	case "COMMAND":
		return s.describe(arguments)
	case "GET", "LRANGE":
		return len(arguments) > 0 && s.readUnwritten(name, arguments[0])
	default:
		if !s.origin.commands.IsRegisteredCommand(name) {
			s.unknown(written, arguments)
			return true
		}
		return false
	}
	return true
}

// alone are commands that are answered here and not queued.
var alone = []string{"HELLO", "AUTH", "READONLY", "READWRITE", "CLIENT", "CONFIG", "INFO", "COMMAND"}

// readUnwritten replies with the data of a call that nobody has written. Within
// a transaction it is written first, so that EXEC reads it: elsewhere not,
// because a key that changes makes a transaction fail that watches it.
func (s *session) readUnwritten(name, key string) bool {
	store := s.origin.store
	if !isID(key) || store.Exists(key) {
		return false
	}
	switch {
	case s.multi && name == "GET":
		store.Set(key, lineFor(key)) // the key is not there: it has no other type
	case s.multi:
		store.Push(key, elements(key)...) // the same
	case name == "GET":
		s.peer.WriteBulk(lineFor(key))
	default:
		s.peer.WriteStrings(elements(key))
	}
	return !s.multi
}

// unsubscribe takes the connection out of the subscribers, if it is one.
func (s *session) unsubscribe() {
	for _, name := range []string{"UNSUBSCRIBE", "PUNSUBSCRIBE"} {
		s.origin.commands.Dispatch(s.peer, []string{name})
	}
}
