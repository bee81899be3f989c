package agent_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram is the first argument that makes this test binary one of programs.
const asProgram = "program"

// programs are agents, and what some of them start.
var programs = map[string]func(){
	"right":     func() { perform(careful()) },
	"careless":  func() { perform(3) },
	"short":     func() { reply, _ := ask(); fmt.Print(reply) },
	"dated":     func() { reply, _ := ask(); fmt.Print(reply, time.Now().UnixNano()) },
	"moody":     moody,
	"loading":   func() { load(); perform(careful()) },
	"json":      sayJSON,
	"flood":     flood,
	"stubborn":  stubborn,
	"orphan":    func() { leaveBehind(false) },
	"daemon":    func() { leaveBehind(true) },
	"child":     func() { select {} },
	"mute":      func() {},
	"failing":   func() { fmt.Fprintln(os.Stderr, "first\n\x1b[31mno such thing"); os.Exit(3) },
	"cannot":    func() { os.Exit(89) },
	"elsewhere": func() { os.Setenv("RESETLAB_ADDRESS", "127.0.0.1:1"); perform(1) },
	"garbage":   func() { send(64 << 10); os.Exit(1) },
	"gigabyte":  func() { send(1 << 30); os.Exit(1) },
	"tell":      tell,
	"get":       get,
	"quoting":   quoting,
	"watchful":  watchful,
	"blind":     blind,
	"hasty":     hasty,
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == asProgram {
		run := programs[os.Args[2]]
		if run == nil {
			run = sessions[os.Args[2]]
		}
		run()
		return
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each program of a -race run sleeps 1 s at its end
	os.Exit(m.Run())
}

// program is the command line of one of programs.
func program(name string, args ...string) []string {
	return append([]string{os.Args[0], asProgram, name}, args...)
}

// careful repeats only what does no harm.
func careful() int {
	if os.Getenv("RESETLAB_OPERATION") == "write" {
		return 1
	}
	return 3
}

// moody says something else from the fourth call on.
func moody() {
	reply, _ := ask()
	file, err := os.OpenFile(os.Args[3], os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		os.Exit(1)
	}
	defer file.Close()
	if calls, _ := io.ReadAll(file); len(calls) > 2 {
		reply = "none: " + reply
	}
	file.Write([]byte{'.'})
	fmt.Print(reply)
}

// load takes as long as a program does whose machine is busy.
func load() { <-time.After(1500 * time.Millisecond) }

// perform makes up to n attempts and prints the reply.
func perform(n int) {
	for {
		reply, err := ask()
		if err == nil {
			fmt.Print(reply)
			return
		}
		if n--; n == 0 {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func ask() (string, error) {
	conn, err := net.Dial("tcp", os.Getenv("RESETLAB_ADDRESS"))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, os.Getenv("RESETLAB_OPERATION"), os.Getenv("RESETLAB_ID")); err != nil {
		return "", err
	}
	return bufio.NewReader(conn).ReadString('\n')
}

func sayJSON() {
	reply, err := ask()
	reply = strings.TrimSuffix(reply, "\n")
	fmt.Println("so far so good")
	if err != nil {
		fmt.Printf(`{"ok":false,"error":%q,"ending":"reset","unknown":true}`+"\n", err)
		return
	}
	fmt.Printf(`{"ok":true,"bytes":%d,"sha256":"%x"}`+"\n", len(reply), sha256.Sum256([]byte(reply)))
}

// flood writes for ever.
func flood() {
	ask()
	block := bytes.Repeat([]byte("flood\n"), 10000)
	for {
		os.Stdout.Write(block)
		os.Stderr.Write(block)
	}
}

// stubborn ignores every signal that can be, and so does its child.
func stubborn() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	conn, _ := net.Dial("tcp", os.Getenv("RESETLAB_ADDRESS"))
	fmt.Fprintln(conn, "read", os.Getenv("RESETLAB_ID"))
	start(conn, false)
	select {}
}

// leaveBehind succeeds, and leaves a child that holds the connection and the
// output.
func leaveBehind(inOwnSession bool) {
	conn, err := net.Dial("tcp", os.Getenv("RESETLAB_ADDRESS"))
	if err != nil {
		os.Exit(1)
	}
	start(conn, inOwnSession)
	fmt.Fprintln(conn, os.Getenv("RESETLAB_OPERATION"), os.Getenv("RESETLAB_ID"))
	reply, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		os.Exit(1)
	}
	fmt.Print(reply)
}

// start starts a child that holds the standard output, and a connection if
// there is one.
func start(conn net.Conn, inOwnSession bool) {
	child := exec.CommandContext(context.Background(), os.Args[0], asProgram, "child")
	child.Stdout = os.Stdout
	if conn != nil {
		file, _ := conn.(*net.TCPConn).File()
		child.ExtraFiles = []*os.File{file}
	}
	detach(child, inOwnSession)
	if err := child.Start(); err != nil {
		panic(err)
	}
}

// send sends what is no request.
func send(n int) {
	conn, err := net.Dial("tcp", os.Getenv("RESETLAB_ADDRESS"))
	if err != nil {
		return
	}
	for block := bytes.Repeat([]byte{0xff}, 64<<10); n > 0; n -= len(block) {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
	conn.Read(make([]byte, 1))
}

// get prints the body of a reply by HTTP.
func get() {
	response, err := http.Get(os.Getenv("RESETLAB_URL"))
	if err == nil {
		_, err = io.Copy(os.Stdout, response.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tell prints what it was told.
func tell() {
	fmt.Println(strings.Join(os.Args[3:], " "))
	for _, name := range []string{"ADDRESS", "URL", "ID", "OPERATION", "METHOD", "SHAPE", "HEALTHY"} {
		fmt.Println(os.Getenv("RESETLAB_" + name))
	}
	fmt.Print(os.Getenv("HTTP_PROXY"), os.Getenv("no_proxy"))
}
