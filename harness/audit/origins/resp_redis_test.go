package origins_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// TestRESPRepliesLikeRedis compares the origin with a redis-server, if one is
// installed.
func TestRESPRepliesLikeRedis(t *testing.T) {
	redis := startRedis(t)
	for _, commands := range []string{
		"FOO\n", "foo a b\n", "FOO " + strings.Repeat("0123456789 ", 20) + "\n", "FOO " + strings.Repeat("x", 300) + "\n",
		"INCR\n", "incrby a\n", "INCRBY a 5\nINCRBY a -2\nDECRBY a 1\nINCRBYFLOAT a 0.5\nGET a\n", "INCRBY a x\n",
		"SET a x\nINCR a\nLPUSH a b\nGETSET a y\nAPPEND a z\nSTRLEN a\nGETRANGE a 0 0\n",
		"SET a x NX\nSET a y NX\nSET a z XX GET\nSETNX a b\nMSET a 1 b 2\nMGET a b c\nDEL a b c\nEXISTS a\n",
		"HSET h f 1 g 2\nHINCRBY h f 5\nHGETALL h\nHDEL h f\n", "RPUSH l a b c\nLRANGE l 0 -1\nLPOP l\nRPOP l 2\nLLEN l\n",
		"SADD s a\nSISMEMBER s a\nSMEMBERS s\nZADD z 1 a 2 b\nZRANGE z 0 -1 WITHSCORES\nZINCRBY z 5 a\n",
		"XADD x 1-1 f v\nXLEN x\nXRANGE x - +\n", "SET a b EX 100\nPERSIST a\nTTL a\nTYPE a\n",
		"EXEC\n", "DISCARD\n", "MULTI\nMULTI\nEXEC\n", "MULTI\nSET a b\nFOO\nEXEC\nGET a\n", "MULTI\nSET a b\nINCR\nEXEC\nGET a\n",
		"MULTI\nSET a 1\nINCR a\nEXEC\n", "WATCH a\nSET a 1\nMULTI\nINCR a\nEXEC\n",
		"PING\nPING a\nECHO a\nPING a b\n", "CLIENT\nCLIENT FOO\nCLIENT GETNAME\nCLIENT SETNAME a\nCLIENT GETNAME\n",
		"CONFIG\nCONFIG FOO\nCONFIG GET nosuch\n", "COMMAND FOO\nCOMMAND INFO nosuch\n", "HELLO 9\nHELLO x\nHELLO 3 FOO\nHELLO 3 SETNAME\n",
		"INFO nosuch\n", "QUIT\nPING\n", "*x\r\n", "*1\r\nfoo\r\n", "*1\r\n$x\r\n", "*0\r\nPING\n", "*-1\r\nPING\n", "\n\nPING\n",
		"SUBSCRIBE a\nPING\nUNSUBSCRIBE a\nGET b\n", "PUBLISH a b\n", "EVALSHA 0123456789012345678901234567890123456789 0\n",
	} {
		origin := startRESP(t)
		got, want := converse(t, origin.Addr(), commands), converse(t, redis, "FLUSHALL\n"+commands)
		if want = strings.TrimPrefix(want, "+OK\r\n"); got != want {
			t.Errorf("%.60q\nit replies     %q\nRedis replies  %q", commands, got, want)
		}
	}
}

// converse sends bytes, and returns all that comes.
func converse(t *testing.T, address, commands string) string {
	t.Helper()
	conn := dial(t, address)
	if _, err := fmt.Fprint(conn, commands); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	replies, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(replies)
}

// startRedis starts a redis-server and returns its address.
func startRedis(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	free.Close()
	redis := exec.CommandContext(t.Context(), "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	out, err := redis.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		redis.Process.Kill()
		redis.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, out)
			return address
		}
	}
	t.Fatalf("redis-server does not get ready: %v", lines.Err())
	return ""
}
