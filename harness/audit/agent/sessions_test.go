package agent_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// sessions are agents that are told their calls line by line.
var sessions = map[string]func(){
	"pooling":    func() { serve(true, pooled) },
	"fresh":      func() { serve(true, fresh) },
	"claiming":   func() { serve(true, claiming) },
	"cannot-any": func() { serve(true, func(told) string { return `"ok":false,"unimplemented":true` }) },
	"pool-late":  func() { load(); serve(true, pooled) },
	"banner":     func() { fmt.Println("ready"); serve(true, pooled) },
	"chatting":   func() { serve(true, func(c told) string { fmt.Println("dialling"); return pooled(c) }) },
	"unknown":    func() { serve(true, func(c told) string { return pooled(c) + `,"verdict":"good"` }) },
	"undecided":  func() { serve(true, func(c told) string { pooled(c); return `"error":""` }) },
	"endless":    func() { serve(true, func(c told) string { pooled(c); floodLine(); return "" }) },
	"twice":      func() { serve(true, func(c told) string { return pooled(c) + `}` + "\n" + line(c.ID, pooled(c)) }) },
	"other-id": func() {
		serve(true, func(c told) string { fmt.Print(line("x"+c.ID, pooled(c)) + "}\n"); return pooled(c) })
	},
	"quitting":     func() { serve(true, func(c told) string { pooled(c); fail(); return "" }) },
	"gone":         fail,
	"last-word":    func() { serve(true, func(c told) string { say(c.ID, pooled(c)); os.Exit(0); return "" }) },
	"half-word":    func() { serve(true, func(c told) string { fmt.Print(line(c.ID, pooled(c))); os.Exit(0); return "" }) },
	"mute-session": func() { select {} },
	"silent":       func() { io.Copy(io.Discard, os.Stdin) },
	"hanging":      func() { signal.Ignore(syscall.SIGTERM); serve(true, hanging) },
	"lazy":         func() { serve(false, pooled); select {} },
	"deaf":         func() { signal.Ignore(syscall.SIGTERM); serve(false, pooled); select {} },
	"forking":      func() { serve(true, forking) },
	"abandoning":   func() { serve(true, func(c told) string { forking(c); fail(); return "" }) },
	"postponing":   postpone,
	"echo":         echo,
	"unlike":       func() { serve(true, func(c told) string { pooled(c); return `"ok":true,"body":"fine"` }) },
}

// A told is what a session is told of a call.
type told struct {
	Address, Host, Port, Healthy, CA, ID, Operation, Method, Shape string
	URL                                                            string
	HealthyURL                                                     string `json:"healthy_url"`
}

// serve answers calls, one after the other, until its standard input ends.
func serve(exits bool, perform func(told) string) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		call := parsed(lines.Bytes())
		say(call.ID, perform(call))
	}
	if exits {
		os.Exit(0)
	}
}

func parsed(text []byte) (call told) {
	if err := json.Unmarshal(text, &call); err != nil {
		panic(err)
	}
	return call
}

func line(id, members string) string { return fmt.Sprintf(`{"id":%q,%s`, id, members) }

func say(id, members string) { fmt.Println(line(id, members) + "}") }

func fail() {
	fmt.Fprintln(os.Stderr, "out of luck")
	os.Exit(3)
}

// connections are the pool of a session, by address.
var connections = map[string]*bufio.ReadWriter{}

// echo answers with all that it was told.
func echo() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		heard := fmt.Sprintf("%s|%s %s|%s", strings.Join(os.Args[3:], " "), os.Getenv("RESETLAB_ADDRESS"),
			os.Getenv("RESETLAB_CA"), lines.Bytes())
		body, _ := json.Marshal(heard)
		say(parsed(lines.Bytes()).ID, `"ok":true,"body":`+string(body))
	}
}

// pooled performs a call on the connection of the one before. It looks whether
// that has ended, and repeats what does no harm.
func pooled(c told) string {
	attempts := 3
	if c.Operation == "write" {
		attempts = 1
	}
	for {
		reply, err := askPooled(c)
		if err == nil {
			return fmt.Sprintf(`"ok":true,"body":%q`, reply)
		}
		if attempts--; attempts == 0 {
			return fmt.Sprintf(`"ok":false,"error":%q,"ending":"reset"`, err)
		}
	}
}

func askPooled(c told) (string, error) {
	conn := connections[c.Address]
	delete(connections, c.Address)
	if conn == nil {
		dialled, err := net.Dial("tcp", c.Address)
		if err != nil {
			return "", err
		}
		conn = bufio.NewReadWriter(bufio.NewReader(dialled), bufio.NewWriter(dialled))
	}
	fmt.Fprintln(conn, c.Operation, c.ID)
	if err := conn.Flush(); err != nil {
		return "", err
	}
	reply, err := conn.ReadString('\n')
	if err == nil {
		connections[c.Address] = conn
	}
	return reply, err
}

// fresh connects anew for each call.
func fresh(c told) string {
	clear(connections)
	return pooled(c)
}

func claiming(c told) string {
	reply, err := askPooled(c)
	if err != nil {
		return fmt.Sprintf(`"ok":false,"error":%q,"unknown":true`, err)
	}
	return fmt.Sprintf(`"ok":true,"bytes":%d`, len(strings.TrimSuffix(reply, "\n")))
}

// floodLine writes a line without an end.
func floodLine() {
	for block := strings.Repeat("flood", 10000); ; {
		if _, err := os.Stdout.WriteString(block); err != nil {
			os.Exit(1)
		}
	}
}

// hanging never comes back once a connection has died: it has to be killed.
func hanging(c told) string {
	reply, err := askPooled(c)
	if err != nil {
		select {}
	}
	return fmt.Sprintf(`"ok":true,"body":%q`, reply)
}

// forking performs a call and leaves a child that holds the standard output.
func forking(c told) string {
	start(nil, false)
	return pooled(c)
}

// postpone answers each call when the next one has come.
func postpone() {
	lines := bufio.NewScanner(os.Stdin)
	before := told{}
	for lines.Scan() {
		call := parsed(lines.Bytes())
		if before.ID != "" {
			say(before.ID, pooled(before))
			say(call.ID, pooled(call))
		}
		before = call
	}
}
