package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

func main() {
	var conn net.Conn
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		call, what, _ := strings.Cut(input.Text(), " ")
		says, err := "ok", error(nil)
		switch call {
		case "connect":
			if conn, err = net.Dial("tcp", net.JoinHostPort(os.Args[1], os.Args[2])); err == nil {
				_, err = io.WriteString(conn, what)
			}
			says = "ready"
		case "read":
			_, err = conn.Read(make([]byte, 1))
			says = "byte"
		case "write":
			_, err = io.WriteString(conn, "x")
		default:
			err = conn.Close()
			says = "closed"
		}
		var op *net.OpError
		switch {
		case errors.Is(err, io.EOF):
			says = "end"
		case errors.As(err, &op): // without the addresses
			says = op.Err.Error()
		case err != nil:
			says = err.Error()
		}
		fmt.Println(says)
	}
}
