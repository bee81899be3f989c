package servers

import (
	"context"
	"crypto/tls"
	"errors"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// TLS makes a handler that sends back what it reads over a TLS session. The
// result of the handshake goes to report. When it failed the connection is
// left to refuse, or closed at once if that is nil; a client that does not
// speak TLS is first told so in plain text, as package net/http does.
func TLS(config *tls.Config, report func(error), refuse lab.Handler) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		session := tls.Server(c, config)
		err := session.Handshake()
		report(err)
		if err == nil {
			io.Copy(session, session) // how it ends is in the outcome
			session.Close()
			return
		}
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) {
			io.WriteString(c, "this is a TLS port\r\n")
		}
		if refuse != nil {
			refuse(ctx, c)
		}
	}
}
