package origins

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// redisVersion is what clients are told, which ask for it to choose commands.
const redisVersion = "7.0.15"

// hello changes the version of the protocol and describes the server.
func (s *session) hello(arguments []string) {
	version := 2
	if s.peer.Resp3 {
		version = 3
	}
	if len(arguments) > 0 {
		var err error
		if version, err = strconv.Atoi(arguments[0]); err != nil {
			s.peer.WriteError("ERR Protocol version is not an integer or out of range")
			return
		}
		if version < 2 || version > 3 {
			s.peer.WriteError("NOPROTO unsupported protocol version")
			return
		}
		if option := badHelloOption(arguments[1:]); option != "" {
			s.peer.WriteError(fmt.Sprintf("ERR Syntax error in HELLO option '%s'", option))
			return
		}
	}
	s.peer.Resp3 = version == 3
	s.peer.WriteMapLen(7)
	for _, pair := range [][2]string{{"server", "redis"}, {"version", redisVersion}} {
		s.peer.WriteBulk(pair[0])
		s.peer.WriteBulk(pair[1])
	}
	s.peer.WriteBulk("proto")
	s.peer.WriteInt(version)
	s.peer.WriteBulk("id")
	s.peer.WriteInt(clientNumber)
	for _, pair := range [][2]string{{"mode", "standalone"}, {"role", "master"}} {
		s.peer.WriteBulk(pair[0])
		s.peer.WriteBulk(pair[1])
	}
	s.peer.WriteBulk("modules")
	s.peer.WriteLen(0)
}

// clientNumber is the number of every client: a reply has the same length then
// in all cells.
const clientNumber = 1

// badHelloOption returns the first option that HELLO does not have, or that
// lacks its arguments.
func badHelloOption(arguments []string) string {
	for len(arguments) > 0 {
		takes := map[string]int{"AUTH": 3, "SETNAME": 2}[strings.ToUpper(arguments[0])]
		if takes == 0 || takes > len(arguments) {
			return arguments[0]
		}
		arguments = arguments[takes:]
	}
	return ""
}

// client answers what clients say of themselves.
func (s *session) client(arguments []string) bool {
	if len(arguments) == 0 {
		return false
	}
	switch strings.ToUpper(arguments[0]) {
	case "ID":
		s.peer.WriteInt(clientNumber)
	case "SETINFO", "NO-EVICT", "NO-TOUCH":
		s.peer.WriteOK()
	case "SETNAME", "GETNAME":
		return false
	default:
		s.unknownSubcommand("CLIENT", arguments[0])
	}
	return true
}

// config answers which settings there are: none.
func (s *session) config(arguments []string) {
	switch {
	case len(arguments) == 0:
		s.peer.WriteError("ERR wrong number of arguments for 'config' command")
	case strings.EqualFold(arguments[0], "GET") && len(arguments) > 1:
		s.peer.WriteMapLen(0)
	case strings.EqualFold(arguments[0], "SET"), strings.EqualFold(arguments[0], "RESETSTAT"):
		s.peer.WriteOK()
	default:
		s.unknownSubcommand("CONFIG", arguments[0])
	}
}

// describe answers questions about commands: nothing is known of any. Without
// arguments miniredis has a list.
func (s *session) describe(arguments []string) bool {
	if len(arguments) == 0 {
		return false
	}
	switch strings.ToUpper(arguments[0]) {
	case "DOCS":
		s.peer.WriteMapLen(0)
	case "INFO":
		s.peer.WriteLen(len(arguments) - 1)
		for range arguments[1:] {
			s.peer.WriteNull()
		}
	default:
		s.unknownSubcommand("COMMAND", arguments[0])
	}
	return true
}

// unknownSubcommand answers a subcommand that there is not.
func (s *session) unknownSubcommand(of, name string) {
	s.fail(fmt.Sprintf("ERR unknown subcommand '%.128s'. Try %s HELP.", name, of))
}

// fail answers with an error. In a transaction it makes EXEC fail, for which
// miniredis has to see a command fail itself.
func (s *session) fail(message string) {
	if s.multi {
		s.replies.mute(true)
		s.origin.commands.Dispatch(s.peer, []string{"INCR"}) // without a key
		s.peer.Flush()
		s.replies.mute(false)
	}
	s.peer.WriteError(message)
}

// unknown answers a command that there is not, in the words of Redis 7.
func (s *session) unknown(name string, arguments []string) {
	const most = 128 // bytes of the arguments that are said
	said := ""
	for _, argument := range arguments {
		if len(said) >= most {
			break
		}
		said += fmt.Sprintf("'%.*s' ", most-len(said), argument)
	}
	s.fail(fmt.Sprintf("ERR unknown command '%.128s', with args beginning with: %s", name, said))
}

// information is the reply to INFO: what clients look for, and nothing that
// changes, so that it has the same length in all cells.
func information(sections []string) string {
	var text strings.Builder
	for _, section := range []struct{ name, lines string }{
		{"Server", "redis_version:" + redisVersion + "\r\nredis_mode:standalone\r\nos:Linux\r\narch_bits:64\r\n"},
		{"Clients", "connected_clients:1\r\nblocked_clients:0\r\n"},
		{"Memory", "used_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"},
		{"Persistence", "loading:0\r\nrdb_bgsave_in_progress:0\r\naof_enabled:0\r\n"},
		{"Stats", "total_connections_received:1\r\ntotal_commands_processed:1\r\n"},
		{"Replication", "role:master\r\nconnected_slaves:0\r\n"},
		{"Cluster", "cluster_enabled:0\r\n"},
	} {
		wanted := len(sections) == 0 || slices.ContainsFunc(sections, func(asked string) bool {
			return strings.EqualFold(asked, section.name) || slices.Contains([]string{"all", "default", "everything"}, strings.ToLower(asked))
		})
		if !wanted {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\r\n")
		}
		text.WriteString("# " + section.name + "\r\n" + section.lines)
	}
	return text.String()
}
