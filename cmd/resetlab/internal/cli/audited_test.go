package cli_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// beAudited is a client of the line protocol: ADDRESS OPERATION ID, over TLS if
// there is a certificate to trust, and "careless" if it repeats whatever it does, or "hang" if it never returns once
// a connection has failed.
func beAudited() {
	args := os.Args[1:]
	attempts := 3
	if args[1] == "write" && !slices.Contains(args, "careless") {
		attempts = 1
	}
	for {
		reply, err := perform(args[0], args[1], args[2])
		if err == nil {
			fmt.Print(reply)
			return
		}
		if slices.Contains(args, "hang") {
			select {}
		}
		if attempts--; attempts == 0 {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func perform(address, operation, id string) (string, error) {
	conn, err := dial(address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, operation, id); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "done ") {
		err = fmt.Errorf("the reply is %q", line)
	}
	return line, err
}

// dial connects, with TLS if there is a certificate to trust.
func dial(address string) (net.Conn, error) {
	path := os.Getenv("RESETLAB_CA")
	if path == "" {
		return net.Dial("tcp", address)
	}
	trusted, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	return tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
}

// executed prints how often the server of upstream has executed an id: FILE ID.
func executed() {
	log, _ := os.ReadFile(os.Args[1])
	fmt.Println(strings.Count(string(log), os.Args[2]+"\n"))
}

// upstream starts a server of the line protocol at $UPSTREAM that writes the
// ids of what it executes to a file.
func upstream(ts *testscript.TestScript, neg bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	log, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	var serving sync.WaitGroup
	ts.Defer(func() {
		listener.Close()
		serving.Wait()
		log.Close()
	})
	ts.Setenv("UPSTREAM", listener.Addr().String())
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				line, err := bufio.NewReader(conn).ReadString('\n')
				if err == nil {
					_, id, _ := strings.Cut(line, " ")
					fmt.Fprint(log, id)
					fmt.Fprint(conn, "done ", id)
				}
			})
		}
	})
}
