package causes_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A pasted text, and what is to be found in it: whose words, which ending, and
// the cause that is named first.
type pasted struct {
	text, of string
	ending   tcp.Ending
	cause    string
}

var texts = []pasted{
	{"Error: socket hang up", "Node.js", "", "idle-timeout"},
	{"requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed " +
		"connection without response'))", "Python (http.client, urllib3, requests)", "finished", "idle-timeout"},
	{"('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "urllib3, requests", "reset",
		"idle-timeout"},
	{"Connection aborted", "urllib3, requests", "", "idle-timeout"},
	{"kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 192.0.2.7 port 22",
		"OpenSSH's ssh", "reset", "max-startups"},
	{"java.io.IOException: Connection reset by peer", "Java NIO, Netty", "reset", "health-check"},
	{"Caused by: java.net.SocketException: Connection reset\n\tat java.base/sun.nio.ch.NioSocketImpl.implRead",
		"Java", "reset", "idle-timeout"},
	{"java.net.SocketException: Connection reset by peer (Write failed)", "Java", "reset", "idle-timeout"},
	{"2026/11/28 22:16:00 [error] 31#31: *7 upstream prematurely closed connection while reading response header " +
		"from upstream, client: 10.0.0.9, server: _, request: \"GET / HTTP/1.1\"", "nginx", "finished", "killed"},
	{"2026/11/29 15:19:47 [error] 7#7: *1 client intended to send too large body: 2097152 bytes, client: 10.0.0.9, server: _",
		"nginx", "", "refused-upload"},
	{"2026/11/29 15:19:47 [info] 7#7: *1 client timed out (110: Connection timed out) while reading client request headers",
		"nginx", "", "idle-timeout"},
	{"psql: error: connection to server at \"127.0.0.1\", port 7002 failed: FATAL:  sorry, too many clients already",
		"servers at a limit", "", "descriptor-limit"},
	{"421 There are too many connected users, please try later.", "servers at a limit", "", "descriptor-limit"},
	{"ERROR Too many open connections", "servers at a limit", "", "descriptor-limit"},
	{"32 worker_connections are not enough, reusing connections", "servers at a limit", "", "descriptor-limit"},
	{"530 Anonymous sessions must use encryption.", "FTP servers (vsftpd)", "", "plain-to-tls"},
	{"cat: file: Login failed: 530 Anonymous sessions must use encryption.", "FTP servers (vsftpd)", "", "plain-to-tls"},
	{"curl: (67) Access denied: 530", "FTP servers (vsftpd)", "", "plain-to-tls"},
	{"522 SSL connection failed: session reuse required", "FTP servers (vsftpd)", "finished", "truncated"},
	{"curl: (60) SSL certificate problem: self-signed certificate", "curl and git over OpenSSL", "", "bad-certificate"},
	{"curl: (60) SSL: no alternative certificate subject name matches target host name '127.0.0.1'",
		"curl and git over OpenSSL", "", "bad-certificate"},
	{"curl: (56) OpenSSL SSL_read: OpenSSL/3.0.19: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
		"OpenSSL (curl, nginx, Python, Ruby, PHP)", "", "client-certificate-missing"},
	{"curl: (35) OpenSSL/3.0.19: error:0A000410:SSL routines::sslv3 alert handshake failure",
		"OpenSSL (curl, nginx, Python, Ruby, PHP)", "", "client-certificate-missing"},
	{"curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number", "OpenSSL", "", "tls-to-plain"},
	{"2026/11/30 01:06:05 [info] 4#4: *140 SSL_do_handshake() failed (SSL: error:0A000418:SSL routines::tlsv1 alert unknown " +
		"ca:SSL alert number 48) while SSL handshaking, client: 127.0.0.1, server: 127.0.0.1:8443",
		"nginx", "", "bad-certificate"},
	{"127.0.0.1:49854 [30/Nov/2026:01:06:09.745] tls/1: SSL handshake failure", "HAProxy", "", "plain-to-tls"},
	{"2026/11/30 01:06:05 [info] 4#4: *7 client sent plain HTTP request to HTTPS port while reading client request headers",
		"nginx", "", "plain-to-tls"},
	{"2026/11/30 01:06:05 [info] 4#4: *1 recv() failed (104: Connection reset by peer) while waiting for request, client: " +
		"127.0.0.1, server: 127.0.0.1:80", "nginx", "reset", "health-check"},
	{"* Connection died, retrying a fresh connect (retry count: 1)", "curl", "", "idle-timeout"},
	{"Health check for server be/web1 failed, reason: Layer4 timeout, check duration: 100ms", "HAProxy's checks", "", "refused"},
	{"<--- 421 Timeout.", "FTP servers (vsftpd)", "finished", "idle-timeout"},
	{"net::ERR_CONNECTION_RESET", "a browser", "reset", "firewall-rejects"},
	{"curl: (56) Recv failure: Connection reset by peer", "curl", "reset", "idle-timeout"},
	{"read tcp 10.0.0.1:5432->10.0.0.2:443: read: connection reset by peer", "Go", "reset", "idle-timeout"},
	{"Get \"http://x/\": read tcp [2001:db8::1]:104->[2001:db8::2]:10054: read: connection reset by peer", "Go",
		"reset", "idle-timeout"},
	{"Remote end closed connection without response", "Python (http.client, urllib3, requests)", "finished",
		"idle-timeout"},
	{"OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to example.org:443", "curl", "", "tls-to-plain"},
	{"SSL_ERROR_SYSCALL", "OpenSSL", "", "tls-to-plain"},
	{"ssh_exchange_identification: read: Connection reset by peer", "OpenSSH's ssh", "reset", "max-startups"},
	{"ssh_exchange_identification", "OpenSSH's ssh before version 8", "", "max-startups"},
	{"ssh_exchange_identification: Connection closed by remote host", "OpenSSH's ssh", "finished", "max-startups"},

	{"ECONNRESET", "", "reset", "idle-timeout"},
	{"connection reset by peer", "", "reset", "idle-timeout"},
	{"I keep getting “Connection reset by peer” from prod since Friday, why?", "", "reset", "idle-timeout"},
	{"broken-pipe", "", "broken-pipe", "wrote-after-close"},
	{"104", "", "reset", "idle-timeout"},
	{"write tcp 127.0.0.1:1->127.0.0.1:2: write: broken pipe", "Go", "broken-pipe", "wrote-after-close"},
	{"dial tcp 127.0.0.1:80: connect: connection refused", "Go", "refused", "refused"},
	{"dial tcp 10.0.0.7:443: connect: connection reset by peer", "Go", "reset", "upstream-refuses"},
	{"Error: read ECONNRESET\n    at TCP.onStreamRead", "Node.js", "reset", "idle-timeout"},
	{"TypeError: fetch failed { cause: SocketError: other side closed }", "Node.js fetch (undici)", "finished",
		"idle-timeout"},
	{"TypeError: fetch failed { [cause]: Error: connect ECONNREFUSED 127.0.0.1:1 }", "Node.js", "refused", "refused"},
	{"curl: (35) Recv failure: Connection reset by peer", "curl", "", "tls-to-plain"},
	{"curl: (52) Empty reply from server", "curl", "finished", "idle-timeout"},
	{"curl: (18) transfer closed with 96 bytes remaining to read", "curl", "finished", "truncated"},
	{"recv() failed (104: Connection reset by peer) while reading response header from upstream", "nginx", "reset",
		"unread"},
	{"connect() failed (111: Connection refused) while connecting to upstream", "nginx", "refused", "refused"},
	{"upstream connect error or disconnect/reset before headers. reset reason: connection termination",
		"Envoy, Istio", "", "idle-timeout"},
	{"System.IO.IOException: Unable to read data from the transport connection: An existing connection was " +
		"forcibly closed by the remote host.", "Windows, .NET", "reset", "idle-timeout"},
	{"[WinError 10054]", "Windows, .NET", "reset", "idle-timeout"},
	{"WSAECONNRESET", "", "reset", "idle-timeout"},
	{"10054", "Windows, .NET", "reset", "idle-timeout"},
	{"Os { code: 104, kind: ConnectionReset, message: \"Connection reset by peer\" }", "Rust", "reset",
		"idle-timeout"},
	{"thread 'main' panicked: Connection reset by peer (os error 104)", "Rust", "reset", "idle-timeout"},
	{"hyper::Error(IncompleteMessage): connection closed before message completed", "Rust (hyper, reqwest)",
		"finished", "idle-timeout"},
	{"Errno::ECONNRESET (Connection reset by peer - SSL_connect)", "Ruby", "reset", "idle-timeout"},
	{"PHP Notice:  fwrite(): Send of 17 bytes failed with errno=32 Broken pipe in x.php on line 3", "PHP",
		"broken-pipe", "wrote-after-close"},
	{"SQLSTATE[HY000]: General error: 2006 MySQL server has gone away", "MySQL and MariaDB clients, PDO", "",
		"idle-timeout"},
	{"ERROR 2013 (HY000): Lost connection to MySQL server during query", "MySQL and MariaDB clients", "", "killed"},
	{"ERROR 2013 (HY000): Lost connection to MySQL server at 'reading initial communication packet', system error: 104",
		"MySQL's clients", "", "upstream-refuses"},
	{"OperationalError: (2013, \"Lost connection to MySQL server at 'reading authorization packet', system error: 0\")",
		"MySQL's clients", "", "idle-timeout"},
	{"[Note] Aborted connection 7 to db: 'shop' user: 'app' host: 'web' (Got timeout reading communication packets)",
		"MySQL's and MariaDB's log", "", "idle-timeout"},
	{"[Note] Aborted connection 7 to db: 'shop' user: 'app' host: 'web' (Got an error reading communication packets)",
		"MySQL's and MariaDB's log", "", "left-early"},
	{"Communications link failure\n\nThe last packet sent successfully to the server was 0 milliseconds ago. The driver has " +
		"not received any packets from the server.", "MySQL Connector/J", "", "refused"},
	{"Communications link failure\n\nThe last packet successfully received from the server was 28,800,012 milliseconds ago.",
		"MySQL Connector/J", "", "idle-timeout"},
	{"r.n.resources.PooledConnectionProvider: [id: 0x6378b7b6] Pooled connection observed an error\n" +
		"io.netty.channel.unix.Errors$NativeIoException: syscall:read(..) failed: Connection reset by peer",
		"Reactor Netty's client, Spring's WebClient", "reset", "idle-timeout"},
	{"WARN reactor.netty.channel.FluxReceive - [id: 0x5c38afe8] An exception has been observed post termination\n" +
		"io.netty.channel.unix.Errors$NativeIoException: syscall:read(..) failed: Connection reset by peer",
		"Java NIO, Netty", "reset", "health-check"},
	{"\x1b[31mConnection\x1b[0m \x1b[1mreset\x1b[0m by peer", "", "reset", "idle-timeout"},
	{"client_loop: send disconnect: Broken pipe", "OpenSSH's ssh", "broken-pipe", "flow-expired"},
	{"software caused connection abort", "", "aborted", "destroyed"},
}

func TestSearch(t *testing.T) {
	for _, test := range slices.Concat(texts, strangers, traces) {
		found := causes.Search(test.text)
		if len(found) == 0 {
			t.Errorf("%q: nothing is found", test.text)
			continue
		}
		p := found[0].Phrase
		if p.Of != test.of || p.Ending != test.ending || p.Causes()[0].Cause != test.cause {
			t.Errorf("%q: got %q of %q, ending %q, first %v, want %q, %q, %s", test.text, found[0].Words, p.Of, p.Ending,
				p.Causes()[0], test.of, test.ending, test.cause)
		}
	}
}

// TestSearchFindsNone: words that only look alike are no phrase.
func TestSearchFindsNone(t *testing.T) {
	for _, text := range []string{
		"", "…", "it took 104 ms", "listening on 127.0.0.1:10054", "the password reset was refused", "EOFS", "hello",
		"reset connection by the peer", "connection was resetting",
	} {
		if found := causes.Search(text); len(found) > 0 {
			t.Errorf("%q: got %q of %q", text, found[0].Words, found[0].Phrase.Of)
		}
	}
}

// TestSearchTellsAll: what a text says beside is found, too, and once.
func TestSearchTellsAll(t *testing.T) {
	found := causes.Search("Max retries exceeded with url: / (Caused by NewConnectionError('<…>: Failed to establish " +
		"a new connection: [Errno 111] Connection refused'))")
	var words []string
	for _, m := range found {
		words = append(words, m.Words)
	}
	want := []string{"NewConnectionError … Connection refused", "Max retries exceeded with url"}
	if !slices.Equal(words, want) {
		t.Errorf("got %q, want %q", words, want)
	}
}

func TestNearest(t *testing.T) {
	for text, want := range map[string]string{
		"ECONNREST":                   "ECONNRESET",
		"conection reset by peer":     "connection reset by peer",
		"socket hung up":              "socket hang up",
		"upstream closed prematurely": "upstream prematurely closed connection",
	} {
		if near := causes.Nearest(text, 5); !slices.Contains(near, want) || len(near) > 5 {
			t.Errorf("%q: got %q, want %q among them", text, near, want)
		}
	}
	if near := causes.Nearest("the kitchen is on fire", 5); len(near) > 0 {
		t.Errorf("got %q for what is like nothing", near)
	}
}

// TestPhrases: each is whole and points to causes that there are, every word is
// found when it stands alone, and no two phrases have the same.
func TestPhrases(t *testing.T) {
	seen := map[string]string{}
	endings := map[tcp.Ending]bool{}
	for _, p := range causes.Phrases() {
		name := p.Words[0]
		if p.Sure == "" || p.Known == "" || len(p.Causes()) == 0 || len(p.Settles()) == 0 {
			t.Errorf("%q: what is sure, how that is known, causes, or what settles them is missing: %+v", name, p)
		}
		if p.Of == "" {
			if endings[p.Ending] {
				t.Errorf("%q: the system has two phrases of %s", name, p.Ending)
			}
			endings[p.Ending] = true
		}
		byOdds := func(a, b causes.Pointer) int { return strings.Compare(string(a.Odds), string(b.Odds)) }
		if !slices.IsSortedFunc(p.Causes(), byOdds) {
			t.Errorf("%q: what is likely is not first: %+v", name, p.Causes())
		}
		for _, pointer := range p.Causes() {
			if _, ok := causes.Find(pointer.Cause); !ok || pointer.When == "" || strings.HasPrefix(pointer.When, "if ") ||
				pointer.Odds != causes.Likely && pointer.Odds != causes.Possible {
				t.Errorf("%q: %+v: there is no such cause, or it does not say when", name, pointer)
			}
		}
		for _, words := range p.Words {
			plain := strings.ToLower(strings.TrimPrefix(words, "="))
			if other, twice := seen[plain]; twice {
				t.Errorf("%q is of %q and of %q", words, other, name)
			}
			seen[plain] = name
			if found := causes.Search(plain); len(found) == 0 || found[0].Phrase.Words[0] != name {
				t.Errorf("%q is not found as %q: %+v", plain, name, found)
			}
		}
	}
	for _, p := range causes.Phrases() {
		if p.Ending != "" && !endings[p.Ending] {
			t.Errorf("%q: the system has no phrase of %q", p.Words[0], p.Ending)
		}
	}
}

// FuzzSearch: whatever stands around a phrase, something is found there, within
// the text.
func FuzzSearch(f *testing.F) {
	for _, test := range texts {
		f.Add(test.text, "[error] 7#7: \"", "\", while\x1b[1m reading")
	}
	phrases := causes.Phrases()
	f.Fuzz(func(t *testing.T, text, before, behind string) {
		for _, m := range causes.Search(text) {
			if m.Begin < 0 || m.Begin >= m.End || m.End > len(text) {
				t.Fatalf("%q: %d to %d lies outside", text, m.Begin, m.End)
			}
		}
		causes.Nearest(text, 3)
		p := phrases[len(text)%len(phrases)]
		words := p.Words[len(before)%len(p.Words)]
		if strings.HasPrefix(words, "=") {
			return
		}
		line := before + "\n" + words + "\n" + behind
		begin, end := len(before)+1, len(before)+1+len(words)
		touches := func(m causes.Match) bool { return m.Begin < end && begin < m.End }
		if !slices.ContainsFunc(causes.Search(line), touches) {
			t.Fatalf("%q is not found in %q", words, line)
		}
	})
}
