package origins_test

import (
	"io"
	"net"
	"testing"
	"time"
)

// FuzzRESP sends whatever comes to mind: the origin neither panics nor keeps a
// connection whose client has gone.
func FuzzRESP(f *testing.F) {
	for _, seed := range []string{
		"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "MULTI\nSET a b\nEXEC\n", "BLPOP a 0\n", "SUBSCRIBE a\nPING\n", "HELLO 3\nHGETALL a\n",
		"WATCH a\nMULTI\nGET a\nDISCARD\n", "XADD a * b c\nXREADGROUP GROUP a b COUNT 1 STREAMS a >\n", "ZRANGEBYSCORE a (1 +inf LIMIT 0 1\n",
		"SET a b EX 1 XX GET\n", "EVALSHA x 1 a\n", "CLIENT SETINFO a b\nCONFIG GET *\nINFO all\nCOMMAND DOCS\n", "GEOADD a 1 2 b\n",
		"SETRANGE a 5 x\nBITCOUNT a 0 -1 BIT\nSETBIT a 7 1\n", "SCAN 0 MATCH * COUNT 1\n", "OBJECT ENCODING a\nMEMORY USAGE a\n",
	} {
		f.Add([]byte(seed))
	}
	origin := startRESP(f)
	f.Fuzz(func(t *testing.T, commands []byte) {
		conn, err := net.Dial("tcp", origin.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(time.Minute))
		conn.Write(commands) // what it does not take, it has closed the connection for
		conn.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
			t.Errorf("the connection of %q stays open", commands)
		}
	})
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}
