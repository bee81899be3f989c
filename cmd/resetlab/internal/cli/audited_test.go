package cli_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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
	if args[0] == "session" {
		beSession(args[1:])
		return
	}
	attempts := 3
	if args[1] == "write" && !slices.Contains(args, "careless") {
		attempts = 1
	}
	if slices.Contains(args, "varying") { // no two requests of it are of one length
		args[1] = strings.Repeat("v", os.Getpid()%4096) + args[1]
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

// beSession is a client for --session: with a pool, or "fresh", and at Backend,
// if it is told of a healthy address.
func beSession(args []string) {
	var pool *pooled
	calls := bufio.NewScanner(os.Stdin)
	for calls.Scan() {
		var call struct{ Address, Healthy, Operation, ID string }
		if err := json.Unmarshal(calls.Bytes(), &call); err != nil {
			panic(err)
		}
		var reply string
		var err error
		for _, address := range []string{call.Address, call.Healthy} {
			if pool == nil || pool.address != address || slices.Contains(args, "fresh") {
				pool, err = dialPooled(address)
			}
			if err == nil {
				reply, err = pool.perform(call.Operation, call.ID)
			}
			if err == nil || !slices.Contains(args, "healthy") {
				break
			}
		}
		if err != nil {
			pool = nil
			fmt.Printf(`{"id":%q,"ok":false,"error":%q}`+"\n", call.ID, err)
			continue
		}
		fmt.Printf(`{"id":%q,"ok":true,"body":%q}`+"\n", call.ID, reply)
	}
}

// A pooled connection is kept for the next call.
type pooled struct {
	address string
	conn    net.Conn
	replies *bufio.Reader
}

func dialPooled(address string) (*pooled, error) {
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	return &pooled{address, conn, bufio.NewReader(conn)}, nil
}

func (p *pooled) perform(operation, id string) (string, error) {
	if _, err := fmt.Fprintln(p.conn, operation, id); err != nil {
		return "", err
	}
	return p.replies.ReadString('\n')
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

// executed prints how often the server of upstream has executed an id: FILE ID,
// and then "writes" to count those only.
func executed() {
	log, _ := os.ReadFile(os.Args[1])
	counted := " " + os.Args[2] + "\n"
	if len(os.Args) > 3 {
		counted = "write" + counted
	}
	fmt.Println(strings.Count(string(log), counted))
}

// upstream starts a server of the line protocol at $UPSTREAM that writes what it
// executes to a file.
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
					fmt.Fprint(log, line)
					fmt.Fprint(conn, "done ", id)
				}
			})
		}
	})
}
