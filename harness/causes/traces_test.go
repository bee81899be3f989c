package causes_test

// traces are texts of many lines as people paste them, stack traces above all.
// The first answer must be of the program that speaks and not of one that the
// trace merely names.
var traces = []pasted{
	{"Exception in thread \"main\" java.net.SocketException: Connection reset\n" +
		"\tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:328)\n" +
		"\tat java.base/java.net.Socket$SocketInputStream.read(Socket.java:966)\n" +
		"\tat org.apache.http.impl.io.SessionInputBufferImpl.streamRead(SessionInputBufferImpl.java:137)\n" +
		"\tat com.example.Billing.charge(Billing.java:42)", "Java", "reset", "idle-timeout"},
	{"org.springframework.web.client.ResourceAccessException: I/O error on POST request for \"http://pay/charge\": " +
		"pay:80 failed to respond; nested exception is org.apache.http.NoHttpResponseException: pay:80 failed to respond\n" +
		"\tat org.springframework.web.client.RestTemplate.doExecute(RestTemplate.java:785)", "Java HTTP clients", "finished", "idle-timeout"},
	{"reactor.core.Exceptions$ReactiveException: io.netty.channel.unix.Errors$NativeIoException: readAddress(..) failed: " +
		"Connection reset by peer\n\tat io.netty.channel.unix.Errors.newIOException(Errors.java)", "Reactor Netty's client, Spring's WebClient", "reset", "idle-timeout"},
	{"Caused by: javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake\n" +
		"\tat java.base/sun.security.ssl.SSLSocketImpl.handleEOF(SSLSocketImpl.java:1715)\n" +
		"Caused by: java.io.EOFException: SSL peer shut down incorrectly", "Java TLS", "finished", "tls-to-plain"},
	{"Traceback (most recent call last):\n  File \"/usr/lib/python3/dist-packages/urllib3/connectionpool.py\", line 703, in urlopen\n" +
		"    httplib_response = self._make_request(\n" +
		"http.client.RemoteDisconnected: Remote end closed connection without response\n\n" +
		"During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n" +
		"requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection " +
		"without response'))", "Python (http.client, urllib3, requests)", "finished", "idle-timeout"},
	{"Traceback (most recent call last):\n  File \"app.py\", line 9, in <module>\n    s.sendall(b'x' * 99999)\n" +
		"BrokenPipeError: [Errno 32] Broken pipe", "Python", "broken-pipe", "wrote-after-close"},
	{"aiohttp.client_exceptions.ClientOSError: [Errno 104] Connection reset by peer\n" +
		"Exception ignored in: <coroutine object fetch at 0x7f>", "", "reset", "idle-timeout"},
	{"httpx.RemoteProtocolError: peer closed connection without sending complete message body (incomplete chunked read)",
		"Python HTTP clients", "finished", "truncated"},
	{"Error: socket hang up\n    at connResetException (node:internal/errors:720:14)\n" +
		"    at Socket.socketOnEnd (node:_http_client:519:23)\n    at Socket.emit (node:events:526:35) {\n  code: 'ECONNRESET'\n}",
		"Node.js", "", "idle-timeout"},
	{"node:events:491\n      throw er; // Unhandled 'error' event\n      ^\n\nError: read ECONNRESET\n" +
		"    at TCP.onStreamRead (node:internal/stream_base_commons:217:20)\nEmitted 'error' event on Socket instance at:\n" +
		"    at emitErrorNT (node:internal/streams/destroy:151:8) {\n  errno: -104,\n  code: 'ECONNRESET',\n  syscall: 'read'\n}",
		"Node.js", "reset", "idle-timeout"},
	{"TypeError: fetch failed\n    at node:internal/deps/undici/undici:12618:11 {\n  cause: SocketError: other side closed\n" +
		"      at Socket.onSocketEnd (node:internal/deps/undici/undici:8280:26) {\n    code: 'UND_ERR_SOCKET'", "Node.js fetch (undici)", "finished", "idle-timeout"},
	{"System.Net.Http.HttpRequestException: An error occurred while sending the request.\n ---> System.IO.IOException: " +
		"Unable to read data from the transport connection: An existing connection was forcibly closed by the remote host.\n" +
		" ---> System.Net.Sockets.SocketException (10054): An existing connection was forcibly closed by the remote host.\n" +
		"   --- End of inner exception stack trace ---\n   at System.Net.Sockets.Socket.AwaitableSocketAsyncEventArgs.ThrowException()",
		"Windows, .NET", "reset", "idle-timeout"},
	{"/usr/lib/ruby/3.0.0/net/protocol.rb:219:in `rbuf_fill': end of file reached (EOFError)\n" +
		"\tfrom /usr/lib/ruby/3.0.0/net/protocol.rb:193:in `readuntil'", "Ruby", "finished", "idle-timeout"},
	{"/app/lib/pay.rb:12:in `write_nonblock': Broken pipe (Errno::EPIPE)\n\tfrom net/protocol.rb:289", "", "broken-pipe", "wrote-after-close"},
	{"PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000]: General error: 2006 MySQL server has gone away in /srv/db.php:9\n" +
		"Stack trace:\n#0 /srv/db.php(9): PDO->query('SELECT 1')\n#1 {main}\n  thrown in /srv/db.php on line 9", "MySQL and MariaDB clients, PDO", "", "idle-timeout"},
	{"thread 'tokio-runtime-worker' panicked at src/main.rs:7:10:\ncalled `Result::unwrap()` on an `Err` value: reqwest::Error " +
		"{ kind: Request, source: hyper_util::client::legacy::Error(SendRequest, hyper::Error(Io, Os { code: 104, kind: " +
		"ConnectionReset, message: \"Connection reset by peer\" })) }", "Rust", "reset", "idle-timeout"},
	{"Error: hyper::Error(IncompleteMessage)\nconnection closed before message completed", "Rust (hyper, reqwest)", "finished", "idle-timeout"},
	{"panic: Post \"http://pay/charge\": EOF\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:14 +0x85\nexit status 2",
		"", "finished", "idle-timeout"},
	{"** (DBConnection.ConnectionError) tcp recv (idle): closed\n    (db_connection 2.4.3) lib/db_connection.ex:842", "Elixir (DBConnection: Postgrex, MyXQL)", "", "idle-timeout"},
	{"E1129 03:00:00.000000 1 reflector.go:138] Failed to watch *v1.Pod: Get \"https://10.96.0.1:443/api\": " +
		"read tcp 10.244.0.5:40000->10.96.0.1:443: read: connection reset by peer\ngoroutine 77 [select]:", "Go", "reset", "idle-timeout"},
	{"** (Mint.TransportError) socket closed\n    (req 0.4.0) lib/req.ex:1092: Req.request!/2",
		"Elixir and Erlang (Mint, Req, Finch, HTTPoison)", "", "idle-timeout"},
	{"{:error, :closed}", "Elixir and Erlang (Mint, Req, Finch, HTTPoison)", "", "idle-timeout"},
	{"Unhandled Exception: SocketException: Connection reset by peer (OS Error: Connection reset by peer, errno = 104), " +
		"address = api.example.org, port = 41234\n#0      _NativeSocket.read (dart:io-patch/socket_patch.dart:1201:34)",
		"Dart and Flutter", "reset", "idle-timeout"},
	{"HttpException: Connection closed before full header was received, uri = https://api.example.org/", "Dart and Flutter",
		"finished", "idle-timeout"},
	{"error: RPC failed; Recv failure: Connection was reset", "curl", "reset", "idle-timeout"},
	{"grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE\n" +
		"\tdetails = \"Socket closed\"\n\tdebug_error_string = \"UNKNOWN:Error received from peer\"",
		"gRPC (Python, C++, Ruby, PHP)", "finished", "idle-timeout"},
	{"Error: socket closed", "several programs, of different things", "", "own-close"},
	{"java.net.SocketException: Socket closed\n\tat java.base/sun.nio.ch.NioSocketImpl.endRead(NioSocketImpl.java:248)", "Java",
		"closed", "own-close"},
}
