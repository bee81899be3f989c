package causes

import "slices"

// secured are the words of programs that do not come to a session of TLS, or that
// want one.
var secured = []Phrase{
	{
		Words: []string{"curl: (60)", "SSL certificate problem",
			"no alternative certificate subject name matches", "cURL error 60"},
		Of: "curl and git over OpenSSL", Known: "measured: curl 7.88.1",
		Sure: "TCP had connected, and this end does not accept the server's certificate: the words say why. It closed " +
			"itself, and said nothing of the request. The server's log has the alert (\"alert unknown ca\", \"alert " +
			"certificate expired\"), and may have a RST that is this end's; of a wrong name it has neither.",
		Points: []Pointer{{"bad-certificate", Likely, "always"}},
		Settle: []string{"openssl s_client -connect HOST:PORT -servername HOST shows the certificate, its date and names."},
	},
	{
		Words: []string{"alert certificate required", "alert handshake failure", "alert unknown ca",
			"alert certificate expired", "alert bad certificate", "No required SSL certificate was sent",
			"client sent no required SSL certificate", "client SSL certificate verify error"},
		Of: "OpenSSL (curl, nginx, Python, Ruby, PHP)", Known: "measured: curl 7.88.1, HAProxy 2.6.12, nginx 1.22.1; RFC 8446, section 6",
		Sure: "An alert is what the other end said last: that is who refuses. \"certificate required\": it wants a " +
			"certificate and got none. \"unknown ca\" and the like: it does not accept the one that this end has. " +
			"\"handshake failure\" can be either before TLS 1.3, or that the two have no version or cipher in common. " +
			"nginx that misses a certificate answers 400 within the session.",
		Points: []Pointer{
			{"client-certificate-missing", Likely, "\"certificate required\", \"client sent no required SSL certificate\"; " +
				"possible where a client says any of the others"},
			{"bad-certificate", Likely, "a server's log says it"},
		},
		Settle: settleHandshake,
	},
	{
		Words: []string{"SSL_do_handshake() failed … alert unknown ca", "SSL_do_handshake() failed … alert certificate expired",
			"SSL_do_handshake() failed … alert bad certificate"},
		Of: "nginx", Known: "measured: nginx 1.22.1, curl 7.88.1",
		Sure: "The client did not accept nginx' certificate, said so in an alert, and closed. A RST behind that is the " +
			"client's: it had read no further.",
		Points: []Pointer{{"bad-certificate", Likely, "always"}},
		Settle: []string{"openssl s_client -connect HOST:PORT -servername HOST shows the certificate, its date and names."},
	},
	{
		Words: []string{"peer closed connection in SSL handshake", "SSL_do_handshake() failed"},
		Of:    "nginx", Known: "nginx: ngx_event_openssl.c",
		Sure: "The other end ended the connection before TLS was agreed on; with \"(104: Connection reset by " +
			"peer)\" by a RST.",
		Points: append(slices.Clone(handshake),
			Pointer{"health-check", Possible, "at the client's side: a check or scan that connects to the TLS " +
				"port and leaves"}),
		Settle: settleHandshake,
	},
	{
		Words: []string{"client sent plain HTTP request to HTTPS port", "The plain HTTP request was sent to HTTPS port",
			"client sent invalid method"},
		Of: "nginx", Known: "measured: nginx 1.22.1",
		Sure: "nginx answered 400. \"plain HTTP request to HTTPS port\": the client spoke no TLS. \"invalid method\" with " +
			"bytes that are no text: the client's ClientHello met a port without TLS; a RST behind it is the client's, " +
			"which reads no more than five bytes of the answer.",
		Points: []Pointer{
			{"plain-to-tls", Likely, "\"plain HTTP request\": the client or the proxy before it says http://"},
			{"tls-to-plain", Likely, "\"invalid method\": the client says https://, and \"listen … ssl\" is missing"},
		},
		Settle: []string{"Try the same port with the other of http:// and https://."},
	},
	{
		Words: []string{"SSL handshake failure", "SSL client certificate not trusted", "SSL client CA chain cannot be verified"},
		Of:    "HAProxy", Known: "measured: HAProxy 2.6.12; HAProxy: src/connection.c, conn_err_code_str",
		Sure: "A client of a \"bind … ssl\" did not come to a session, and HAProxy finished. \"not trusted\" and " +
			"\"cannot be verified\" are about the client's certificate; one that is missing is logged as \"handshake " +
			"failure\", as is a client without TLS, which reads the end of the stream (\"curl: (52)\").",
		Points: []Pointer{
			{"plain-to-tls", Possible, "the client says http:// to this port"},
			{"client-certificate-missing", Possible, "the bind line has \"verify required\""},
			{"bad-certificate", Possible, "the client does not accept HAProxy's certificate"},
			{"health-check", Possible, "regularly, from one address: a check or scan that connects and leaves"},
		},
		Settle: settleHandshake,
	},
	{
		Words: []string{"530 Anonymous sessions must use encryption", "530 Non-anonymous sessions must use encryption",
			"sessions must use encryption", "curl: (67) Access denied: 530"},
		Of: "FTP servers (vsftpd)", Known: "measured: vsftpd 3.0.3, curl 7.88.1, lftp 4.9.2; RFC 4217",
		Sure: "The server turned the user down and finished. \"must use encryption\" is vsftpd with ssl_enable: the client " +
			"named a user before AUTH TLS. Other 530 are a user, or a password, that it does not know.",
		Points: []Pointer{{"plain-to-tls", Likely, "\"must use encryption\""}},
		Settle: []string{"curl --ssl-reqd, or lftp with ftp:ssl-allow-anonymous: does that log in?"},
	},
	{
		Words: []string{"522 SSL connection failed: session reuse required", "No SSL session reuse on data channel"},
		Of:    "FTP servers (vsftpd)", Ending: "finished", Known: "measured: vsftpd 3.0.3, curl 7.88.1",
		Sure: "The data connection was finished (FIN) without a byte of the file: the client did not take the TLS session " +
			"of its control connection up again, as require_ssl_reuse demands. curl calls it \"transfer closed\" (18).",
		Points: []Pointer{{"truncated", Likely, "always: the client's TLS does not resume, or not this version's sessions"}},
		Settle: []string{"Does it work with require_ssl_reuse=NO, or with a client that resumes (curl, lftp)?"},
	},
}
