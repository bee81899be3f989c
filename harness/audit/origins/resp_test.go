package origins_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
)

func startRESP(t testing.TB) *origins.RESP {
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
	const id = "abcdef-000001"
	const data = "$71\r\ndone abcdef-000001 abcdef-000001abcdef-000001abcdef-000001abcdef-000001\r\n"
	const hello = "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:%d\r\n$2\r\nid\r\n:1\r\n" +
		"$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
	for _, c := range []struct {
		name, commands, replies string
		reads, writes           int // executions of id
	}{
		{"GET", "*2\r\n$3\r\nGET\r\n$13\r\n" + id + "\r\n", data, 1, 0},
		{"in part", "*2\r\n$3\r\nGET\r\n$13\r\n" + id + "\r", "", 0, 0},
		{"inline", "get " + id + "\nincr " + id + "\n\n", data + ":1\r\n", 2, 1},
		{"SET", "SET " + id + " x\nGET " + id + "\n", "+OK\r\n$1\r\nx\r\n", 2, 1},
		{"INCRBY", "INCRBY " + id + " 5\nINCRBY " + id + " 5\n", ":5\r\n:10\r\n", 2, 2},
		{"an array", "LRANGE " + id + " 0 -1\n", "*3\r\n" + data + data + data, 1, 0},
		{"an id within a key", "INCR order:" + id + ":n\n", ":1\r\n", 1, 1},
		{"an id within JSON", "LPUSH jobs {\"id\":\"" + id + "\"}\n", ":1\r\n", 1, 1},
		{"an id in a channel", "PUBLISH " + id + " x\n", ":0\r\n", 1, 1},
		{"an id behind dashes", "INCR orders-" + id + "_x\n", ":1\r\n", 1, 1},
		{"a longer id", "INCR x" + id + "\n", ":1\r\n", 0, 0},
		{"a key that is no id", "GET order\n", "$-1\r\n", 0, 0},
		{"an error", "SET " + id + " x\nINCR " + id + "\n", "+OK\r\n-ERR value is not an integer or out of range\r\n", 1, 1},
		{"a transaction", "MULTI\nINCR " + id + "\nEXPIRE " + id + " 9\nEXEC\n", "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n", 1, 1},
		{"a read in one", "MULTI\nGET " + id + "\nEXEC\n", "+OK\r\n+QUEUED\r\n*1\r\n" + data, 1, 0},
		{"one without EXEC", "MULTI\nINCR " + id + "\n", "+OK\r\n+QUEUED\r\n", 0, 0},
		{"one discarded", "MULTI\nINCR " + id + "\nDISCARD\nEXEC\n", "+OK\r\n+QUEUED\r\n+OK\r\n-ERR EXEC without MULTI\r\n", 0, 0},
		{"one that was watched", "WATCH " + id + "\nGET " + id + "\nMULTI\nINCR " + id + "\nEXEC\n", "+OK\r\n" + data + "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n", 2, 1},
		{"one that lost", "WATCH a\nSET a 1\nMULTI\nINCR " + id + "\nEXEC\n", "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n", 0, 0},
		{"one that failed", "MULTI\nINCR " + id + "\nFOO\nEXEC\nINCR " + id + "\n", "+OK\r\n+QUEUED\r\n" +
			"-ERR unknown command 'FOO', with args beginning with: \r\n" +
			"-EXECABORT Transaction discarded because of previous errors.\r\n:1\r\n", 1, 1},
		{"a script", "*4\r\n$4\r\nEVAL\r\n$33\r\nreturn redis.call('INCR',KEYS[1])\r\n$1\r\n1\r\n$13\r\n" + id + "\r\n", ":1\r\n", 1, 1},
		{"HELLO 3", "HELLO 3\nHELLO\n", "%7\r\n" + fmt.Sprintf(hello, 3) + "%7\r\n" + fmt.Sprintf(hello, 3), 0, 0},
		{"HELLO", "HELLO\nHELLO 2 SETNAME a\n", "*14\r\n" + fmt.Sprintf(hello, 2) + "*14\r\n" + fmt.Sprintf(hello, 2), 0, 0},
		{"no command", "*x\r\nPING\n", "-ERR Protocol error: invalid multibulk length\r\n", 0, 0},
		{"an endless word", "*1\r\n$99999999\r\n", "-ERR Protocol error: invalid bulk length\r\n", 0, 0},
		{"endless words", "*2\r\n$1\r\na\r\n$8388608\r\n", "-ERR Protocol error: invalid bulk length\r\n", 0, 0},
		{"QUIT", "QUIT\nINCR " + id + "\n", "+OK\r\n", 0, 0},
		{"waiting in vain", "BLPOP " + id + " 0\n", "", 0, 0},
		{"subscribed", "SUBSCRIBE " + id + "\n", "*3\r\n$9\r\nsubscribe\r\n$13\r\n" + id + "\r\n:1\r\n", 0, 0},
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
			expectAccount(t, origin, id, audit.Account{Executed: c.writes})
			reads, err := origin.Account(t.Context(), audit.Call{ID: id, Operation: point.Read})
			if err != nil || reads.Executed != c.reads {
				t.Errorf("to read was executed %d times, %v: want %d", reads.Executed, err, c.reads)
			}
		})
	}
}

// TestRESPInforms clients that ask with INFO whether the server is ready, as
// ioredis does on each new connection.
func TestRESPInforms(t *testing.T) {
	origin := startRESP(t)
	for commands, wanted := range map[string]string{
		"INFO\n": "\r\nloading:0\r\n", "INFO server\n": "\r\nredis_version:7.", "INFO all\n": "\r\nrole:master\r\n",
	} {
		if got := converse(t, origin.Addr(), commands); !strings.Contains(got, wanted) {
			t.Errorf("%q: %q has no %q", commands, got, wanted)
		}
	}
}

// TestRESPLetsOthersPass while one client waits and another does not read.
func TestRESPLetsOthersPass(t *testing.T) {
	origin := startRESP(t)
	waiting := dial(t, origin.Addr())
	deaf := dial(t, origin.Addr())
	fmt.Fprint(waiting, "BLPOP q 0\n")
	converse(t, origin.Addr(), "SET large "+strings.Repeat("x", 60<<10)+"\n")
	go fmt.Fprint(deaf, strings.Repeat("GET large\n", 1<<12)) // 240 MB: it ends when it is closed

	converse(t, origin.Addr(), "RPUSH q abcdef-000001\n")

	want := "*2\r\n$1\r\nq\r\n$13\r\nabcdef-000001\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(waiting, got); err != nil || string(got) != want {
		t.Errorf("the client that waits gets %q, %v: want %q", got, err, want)
	}
}
