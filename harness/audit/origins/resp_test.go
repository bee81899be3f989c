package origins_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
)

func startRESP(t *testing.T) *origins.RESP {
	t.Helper()
	origin, err := origins.StartRESP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	return origin
}

func TestRESP(t *testing.T) {
	for _, c := range []struct {
		name, commands, replies string
		want                    int // executions of id
	}{
		{"GET", "*2\r\n$3\r\nGET\r\n$2\r\nid\r\n", "$16\r\ndone id idididid\r\n", 1},
		{"in part", "*2\r\n$3\r\nGET\r\n$2\r\nid\r", "", 0},
		{"inline", "get id\nincr id\n\n", "$16\r\ndone id idididid\r\n:2\r\n", 2},
		{"SET", "SET id x\n", "+OK\r\n", 1},
		{"an array", "LRANGE id 0 -1\n", "*3\r\n$16\r\ndone id idididid\r\n$16\r\ndone id idididid\r\n$16\r\ndone id idididid\r\n", 1},
		{"a transaction", "MULTI\nINCR id\nEXEC\n", "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n", 1},
		{"one without EXEC", "MULTI\nINCR id\n", "+OK\r\n+QUEUED\r\n", 0},
		{"one discarded", "MULTI\nINCR id\nDISCARD\nEXEC\n", "+OK\r\n+QUEUED\r\n+OK\r\n-ERR EXEC without MULTI\r\n", 0},
		{"HELLO 3", "HELLO 3\n", "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:3\r\n", 0},
		{"HELLO", "HELLO\n", "*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:2\r\n", 0},
		{"HELLO 9", "HELLO 9\n", "-NOPROTO unsupported protocol version\r\n", 0},
		{"others", "PING\nPING a\nCLIENT SETINFO a b\nCLIENT KILL\nCOMMAND DOCS\nFLUSHALL\n",
			"+PONG\r\n$1\r\na\r\n+OK\r\n-ERR unknown subcommand\r\n*0\r\n-ERR unknown command or no key: \"FLUSHALL\"\r\n", 0},
		{"no command", "*x\r\n", "", 0},
		{"an endless word", "*1\r\n$99999999\r\n", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin := startRESP(t)
			conn := dial(t, origin.Addr())
			if _, err := fmt.Fprint(conn, c.commands); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(conn)
			if err != nil || string(got) != c.replies {
				t.Errorf("it replies %q, %v: want %q", got, err, c.replies)
			}
			if err := origin.Settle(t.Context(), loopback, 1); err != nil {
				t.Fatal(err)
			}
			expectAccount(t, origin, "id", audit.Account{Executed: c.want})
		})
	}
}
