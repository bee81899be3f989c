package strace

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Call is one system call of a thread.
type Call struct {
	PID  int           // of the thread
	At   time.Time     // when it was made
	Took time.Duration // until it returned, less what strace did as it began; 0 while it has not
	// Over is when it had returned at the latest: when its thread was seen next.
	// Zero if it was not. At and Took together can be short of when it returned,
	// by however long strace waited for a processor.
	Over    time.Time
	Name    string
	Args    string   // as strace prints them
	Result  string   // the same; empty if it never returned
	Errno   string   // such as ECONNRESET; empty if it returned no error
	Sockets []uint64 // the inodes of those that it is about
	Ready   []Ready  // what it said of them, of poll(2) and epoll_wait(2)
}

// Ready is what poll(2) or epoll_wait(2) says of a socket.
type Ready struct {
	Socket uint64 // its inode
	Events string // such as EPOLLIN|EPOLLERR
}

// Returned says whether the call has returned.
func (c Call) Returned() bool { return c.Result != "" }

// On says whether the call is about a socket.
func (c Call) On(inode uint64) bool { return slices.Contains(c.Sockets, inode) }

// String is the call in a line, without the inodes.
func (c Call) String() string {
	const most = 100
	args := annotation.ReplaceAllString(strings.TrimRight(c.Args, ", "), "")
	if runes := []rune(args); len(runes) > most {
		args = string(runes[:most]) + "…"
	}
	result := annotation.ReplaceAllString(c.Result, "")
	if !c.Returned() {
		return c.Name + "(" + args + ") did not return"
	}
	return c.Name + "(" + args + ") = " + result
}

var (
	annotation = regexp.MustCompile(`<(socket|anon_inode):\[[a-z0-9]*\]>`)
	socket     = regexp.MustCompile(`(\d+)<socket:\[(\d+)\]>`)
	returns    = regexp.MustCompile(`\) += `)
	lasted     = regexp.MustCompile(` <(\d+\.\d{6})>$`)
	failed     = regexp.MustCompile(`^-1 (E[A-Z0-9]+)\b`)
	polled     = regexp.MustCompile(`\{fd=(\d+)[^{}]*revents=([A-Z|]+)`)
	ready      = regexp.MustCompile(`\{events=([A-Z|]+), data=(\{[^{}]*\}|0x[0-9a-f]+)\}`)
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// returned takes what is behind the name and its parenthesis, and says whether
// it could.
func (c *Call) returned(rest string) bool {
	ends := returns.FindAllStringIndex(rest, -1)
	if len(ends) == 0 {
		return false
	}
	end := ends[len(ends)-1] // a string among the arguments may look the same
	c.Args, c.Result = rest[:end[0]], rest[end[1]:]
	if m := lasted.FindStringSubmatchIndex(c.Result); m != nil {
		seconds, _ := strconv.ParseFloat(c.Result[m[2]:m[3]], 64)
		c.Took, c.Result = time.Duration(seconds*float64(time.Second)), c.Result[:m[0]]
	}
	if strings.HasPrefix(c.Result, "?") {
		c.Result = "" // its thread ended meanwhile
	}
	if m := failed.FindStringSubmatch(c.Result); m != nil {
		c.Errno = m[1]
	}
	return true
}

// find finds which sockets the call is about. What strings contain is not
// strace's.
func (c *Call) find(watched map[string]uint64) {
	args := quoted.ReplaceAllString(c.Args, `""`)
	byNumber := map[string]uint64{}
	for _, m := range socket.FindAllStringSubmatch(args+" "+c.Result, -1) {
		inode, err := strconv.ParseUint(m[2], 10, 64)
		if err != nil {
			continue
		}
		byNumber[m[1]] = inode
		c.about(inode)
	}
	switch {
	case c.Name == "epoll_ctl":
		if m := ready.FindStringSubmatch(args); m != nil && len(c.Sockets) == 1 {
			watched[instance(args)+m[2]] = c.Sockets[0]
		}
	case strings.HasPrefix(c.Name, "epoll_"):
		for _, m := range ready.FindAllStringSubmatch(args, -1) {
			if inode, known := watched[instance(args)+m[2]]; known {
				c.about(inode)
				c.Ready = append(c.Ready, Ready{inode, m[1]})
			}
		}
	default:
		for _, m := range polled.FindAllStringSubmatch(c.Result, -1) {
			if inode, known := byNumber[m[1]]; known {
				c.Ready = append(c.Ready, Ready{inode, m[2]})
			}
		}
	}
}

func (c *Call) about(inode uint64) {
	if !c.On(inode) {
		c.Sockets = append(c.Sockets, inode)
	}
}

// instance is the epoll instance that is a call's first argument.
func instance(args string) string {
	first, _, _ := strings.Cut(args, ",")
	return first
}

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' })
}

// number reads digits.
func number(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 62)
	return int64(n), err == nil
}
