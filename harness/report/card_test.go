package report_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/creack/pty"
	"github.com/rivo/uniseg"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// card draws a recording.
func card(t testing.TB, r *evidence.Recording, o report.CardOptions) string {
	t.Helper()
	var b strings.Builder
	if err := report.Card(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCardGolden(t *testing.T) {
	for _, name := range stored(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, name, card(t, load(t, name), report.CardOptions{}))
		})
	}
}

func TestCardSaysWhatMatters(t *testing.T) {
	for _, c := range []struct {
		name string
		want []string
	}{
		{"closing_with_unread_data", []string{
			`◀═* RST ACK seq 1 (ack 3 )?win \d+ ═`, "why: TCP_ABORT_ON_CLOSE", `read\(\) ECONNRESET`, `close\(\) = 0`,
			`server, resetlab-\d+ close\(\)`, `TCPAbortOnClose \+1`, "1 of client's 2 bytes delivered, 1 lost", "╱╱",
			"observed"}},
		{"finishing_politely", []string{`read\(\) EOF`, "FIN_WAIT1", `│ TIME_WAIT\n`}},
		{"abort", []string{`abort\(\) = 0`, "why: TCP_STATE", "SO_LINGER with timeout 0"}},
		{"data_lost_in_an_abort", []string{`… \d+ segments, [\d,]+ bytes`, `\d+× read\(\)`, `[\d,]{9} lost`}},
		{"refused", []string{"why: NO_SOCKET", `connect\(\)`, "ECONNREFUSED", `AttemptFails \+1`}},
		{"refusing_an_upload", []string{`write\(\)`, "ECONNRESET", `read\(\) = 72`, "[\\d,]+ lost"}},
		{"reset_through_the_proxy", []string{"proxy", "RST 1 from", "RST 2 from", "TCP_ABORT_ON_CLOSE"}},
		{"refused_behind_the_proxy", []string{"NO_SOCKET", "passed on the reset that server", "ECONNRESET"}},
		{"writing_after_a_clean_close", []string{`write\(\) = 4`, `write\(\) EPIPE`, `read\(\) EOF`, "in answer to a segment"}},
		{"reset_by_a_firewall", []string{`✗│ `, `◀══ RST seq 1 ════│  `, "router, but not its TCP", "no tcp_send_reset"}},
		{"user_timeout", []string{`read\(\) ETIMEDOUT`, `TCPAbortOnTimeout \+1`}},
		{"keepalive_gives_up", []string{"⋮ 1.0 s", "inferred", "no kernel lane: the tracepoints are not readable"}},
		{"sshd_drops_ssh", []string{`sshd: drop connection #1 from`, "ssh: kex_exchange_identification: read:",
			"Connection reset by peer", "ssh: exit status 255", "why: TCP_ABORT_ON_CLOSE", `#2 accept\(\) ok`, `#2 write\(\) = 22`,
			`#2 close\(\) = 0`, `RST 1 from  server, sshd-\d+ close\(\)`, `client saw  read\(\) ECONNRESET`}},
		{"calls_only", []string{"app-only", "no wire lane: Linux only", "no counters lane: Linux only", `write\(\) EPIPE`}},
		{"retry_on_a_new_connection", []string{"#1 RST ACK", `#3 connect\(\)`, `#3 read\(\)`, "0 of server's 43 bytes"}},
	} {
		got := card(t, load(t, c.name), report.CardOptions{})
		for _, want := range c.want {
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s: no %q in\n%s", c.name, want, got)
			}
		}
	}
}

// A loss is told once, though two RSTs went with it, one on either side of the
// proxy.
func TestCardTellsALossOnce(t *testing.T) {
	got := card(t, load(t, "reset_through_the_proxy"), report.CardOptions{})
	if n := strings.Count(got, "1 of client's 2 bytes delivered"); n != 1 {
		t.Errorf("the loss is told %d times:\n%s", n, got)
	}
}

// A segment that was dropped on the way does not look as if it had arrived.
func TestWhatWasDroppedIsShown(t *testing.T) {
	r := load(t, "user_timeout")
	before := card(t, r, report.CardOptions{})
	for _, e := range r.Events {
		if e.Packet != nil && e.Packet.Len > 0 {
			e.Packet.Dropped = true
		}
	}
	got := card(t, r, report.CardOptions{})
	if want := "len 1, dropped"; !strings.Contains(got, want) || !strings.Contains(mermaid(t, r), want) {
		t.Errorf("no %q in\n%s", want, got)
	}
	if lost := strings.Count(got, "─✗"); lost == 0 || strings.Contains(before, "✗") ||
		strings.Count(got, "▶")+lost < strings.Count(before, "▶") {
		t.Errorf("%d arrows that do not arrive in\n%s", lost, got)
	}
}

// Where no capture tells from where a RST came its arrow does not either.
func TestCardOfAStrangersRST(t *testing.T) {
	r := load(t, "reset_by_a_firewall")
	for i := range r.Events {
		if r.Events[i].Packet != nil {
			r.Events[i].Packet.Path = nil
		}
	}
	for i := range r.Resets {
		r.Resets[i].Origin = nil
	}
	got := card(t, r, report.CardOptions{})
	for _, want := range []string{"═ ? │", "no known host"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestCardWidth(t *testing.T) {
	for _, name := range stored(t) {
		for _, c := range []struct{ width, most int }{
			{0, 80}, {1, report.LeastWidth}, {76, 76}, {100, 100}, {133, 133},
		} {
			widest := 0
			for line := range strings.Lines(card(t, load(t, name), report.CardOptions{Width: c.width})) {
				widest = max(widest, uniseg.StringWidth(strings.TrimSuffix(line, "\n")))
			}
			if widest > c.most || widest < c.most-2 {
				t.Errorf("%s: %d columns wide at width %d, want %d", name, widest, c.width, c.most)
			}
		}
	}
}

func TestCardAlignsWideCharacters(t *testing.T) {
	r := load(t, "closing_with_unread_data")
	r.Hosts[0].Name, r.Flows[0].ClientHost = "客户端", "客户端"
	for i := range r.Events {
		if r.Events[i].Host == "client" {
			r.Events[i].Host = "客户端"
		}
		if p := r.Events[i].Packet; p != nil && p.To == "client" {
			p.To = "客户端"
		}
		if c := r.Events[i].Call; c != nil && c.Op == "read" {
			c.Op = "読む👩‍👧"
		}
	}
	lifeline := 0
	for line := range strings.Lines(card(t, r, report.CardOptions{})) {
		for _, bar := range []string{"┬", "│", "┊", "┴"} {
			before, _, found := strings.Cut(line, bar)
			if !found {
				continue
			}
			at := uniseg.StringWidth(before)
			if lifeline == 0 {
				lifeline = at
			}
			if at != lifeline {
				t.Errorf("lifeline in column %d, want %d: %s", at, lifeline, line)
			}
			break
		}
	}
	if lifeline == 0 {
		t.Error("no lifeline drawn")
	}
}

func TestCardMasksAndBuckets(t *testing.T) {
	a, b := load(t, "reset_through_the_proxy"), load(t, "reset_through_the_proxy")
	for i := range b.Events {
		b.Events[i].At += time.Duration(i) * time.Microsecond
	}
	for i := range b.Flows {
		ip, _, _ := strings.Cut(b.Flows[i].Client, ":")
		b.Flows[i].Client = fmt.Sprintf("%s:%d", ip, 50001+i)
	}
	for i := range b.Resets {
		b.Resets[i].By = regexp.MustCompile(`-\d+`).ReplaceAllString(b.Resets[i].By, "-31")
	}
	for _, c := range []struct {
		options report.CardOptions
		same    bool
	}{
		{report.CardOptions{}, false},
		{report.CardOptions{Mask: true}, false},
		{report.CardOptions{Bucket: true}, false},
		{report.CardOptions{Mask: true, Bucket: true}, true},
	} {
		if got := card(t, a, c.options) == card(t, b, c.options); got != c.same {
			t.Errorf("two runs with %+v: same card %v, want %v", c.options, got, c.same)
		}
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestCardColorSaysNothingAlone(t *testing.T) {
	for _, name := range stored(t) {
		plain, colored := card(t, load(t, name), report.CardOptions{}), card(t, load(t, name), report.CardOptions{Color: true})
		if strings.Contains(plain, "\x1b") {
			t.Errorf("%s: escape sequences in a file", name)
		}
		if !strings.Contains(colored, "\x1b[") {
			t.Errorf("%s: no colour although it was asked for", name)
		}
		if stripped := escape.ReplaceAllString(colored, ""); stripped != plain {
			t.Errorf("%s: without colour the card says\n%s\nwant\n%s", name, stripped, plain)
		}
	}
}

func TestCardOnATerminal(t *testing.T) {
	for _, c := range []struct {
		name, noColor, term string
		color               bool
	}{
		{"terminal", "", "xterm", true},
		{"NO_COLOR", "yes", "xterm", false},
		{"dumb terminal", "", "dumb", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", c.noColor)
			t.Setenv("TERM", c.term)
			got := onTerminal(t, 104, load(t, "abort"))
			if strings.Contains(got, "\x1b[") != c.color {
				t.Errorf("colour: %v, want %v", !c.color, c.color)
			}
			first, _, _ := strings.Cut(escape.ReplaceAllString(got, ""), "┬")
			if !strings.Contains(first, strings.Repeat("─", 102)) {
				t.Errorf("the card does not grow to 104 columns:\n%s", first)
			}
		})
	}
}

// onTerminal returns the card of a recording as a terminal gets it.
func onTerminal(t *testing.T, columns uint16, r *evidence.Recording) string {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v; mount devpts at /dev/pts", err)
	}
	defer master.Close()
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 50, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		data, _ := io.ReadAll(master) // ends with EIPE when the slave is closed
		got <- string(data)
	}()
	err = report.Card(slave, r, report.CardOptions{})
	slave.Close()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(<-got, "\r\n", "\n")
}

func TestCardNeutralisesTerminalEscapes(t *testing.T) {
	got := card(t, hostile("\x1b]0;owned\x07\x1b[2J\r\n\u202egnp.exe\u2028\x9b31m\xff"), report.CardOptions{})
	for _, r := range got {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Errorf("%U in the card", r)
		}
	}
	if !strings.Contains(got, "␛]0;owned") {
		t.Errorf("the escape is not shown:\n%s", got)
	}
}

func TestCardOfOddRecordings(t *testing.T) {
	for name, r := range odd(t) {
		got := card(t, r, report.CardOptions{})
		if lines := strings.Count(got, "\n"); lines > 400 {
			t.Errorf("%s: a card of %d lines", name, lines)
		}
	}
	if got := card(t, odd(t)["10,000 events"], report.CardOptions{}); !strings.Contains(got, "more") {
		t.Errorf("nothing says that steps were left out:\n%s", got)
	}
}

func TestCardReportsAFailedWrite(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(os.ErrClosed)
	if err := report.Card(w, load(t, "abort"), report.CardOptions{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want %v", err, os.ErrClosed)
	}
}
