package cli_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// beAudited is a client of the line protocol: ADDRESS OPERATION ID, and
// "careless" if it repeats whatever it does, or "hang" if it never returns once
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
	conn, err := net.Dial("tcp", address)
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
