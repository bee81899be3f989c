package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/watch"
)

// watchTop shows a table by cause and process, again and again: on a terminal in
// one place, elsewhere as a block each time that something came. At the end it
// sums up.
type watchTop struct {
	*watchLines
	style  cardStyle
	screen bool // it is drawn in one place
	stop   chan struct{}
	done   chan struct{}

	mu    sync.Mutex
	rows  map[string]*topRow
	about string
	news  bool
	err   error // of drawing
}

// A topRow is what has come of one cause at one program and port.
type topRow struct {
	cause, who, shown      string
	port                   uint16
	sent, received, failed int64
	before                 int64 // all of them at the last drawing
	last                   time.Time
}

func (r *topRow) all() int64 { return r.sent + r.received + r.failed }

const (
	topEvery    = 2 * time.Second
	mostTopRows = 1000 // that are kept; what finds no room is "others"
	topPlain    = 20   // rows of a block that goes to no terminal
)

// What a terminal is told: another screen without a cursor, and the one of before.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
)

func newWatchTop(out io.Writer, style cardStyle) *watchTop {
	return &watchTop{
		watchLines: newWatchLines(out), style: style, screen: terminal.Is(out) && os.Getenv("TERM") != "dumb",
		stop: make(chan struct{}), done: make(chan struct{}), rows: map[string]*topRow{},
	}
}

func (v *watchTop) begin(i watchIntroduction) error {
	if err := v.watchLines.begin(i); err != nil {
		close(v.done)
		return err
	}
	v.about = fmt.Sprintf("resetlab watch · %s · Ctrl-C ends it", i.Source)
	if v.screen {
		io.WriteString(v.out, enterScreen)
	}
	go v.refresh()
	return nil
}

// refresh draws until it is told to stop.
func (v *watchTop) refresh() {
	defer close(v.done)
	tick := time.NewTicker(topEvery)
	defer tick.Stop()
	for {
		v.draw()
		select {
		case <-v.stop:
			return
		case <-tick.C:
		}
	}
}

func (v *watchTop) draw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.screen && !v.news {
		return
	}
	height, width := topPlain, 0
	if v.screen {
		height, width = max(1, terminal.Height(v.out)-3), terminal.Width(v.out)
	}
	lines := v.table(time.Now(), height)
	v.news = false
	var b strings.Builder
	if v.screen {
		b.WriteString("\x1b[H")
	}
	for i, text := range lines {
		if width > 0 {
			text = clipped(text, width)
		}
		if v.screen && i == 1 && v.style.options(v.out).Color {
			text = "\x1b[1m" + text + "\x1b[0m"
		}
		b.WriteString(text)
		if v.screen {
			b.WriteString("\x1b[K")
		}
		b.WriteByte('\n')
	}
	if v.screen {
		b.WriteString("\x1b[J")
	} else {
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(v.out, b.String()); err != nil && v.err == nil {
		v.err = err
	}
}

// clipped is what of a line fits.
func clipped(text string, width int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), width)])
}

// table is a head and at most some rows, those that came most first.
func (v *watchTop) table(now time.Time, most int) []string {
	rows := make([]*topRow, 0, len(v.rows))
	for _, row := range v.rows {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *topRow) int {
		return cmp.Or(cmp.Compare(b.all(), a.all()), cmp.Compare(a.cause, b.cause), cmp.Compare(a.who, b.who), cmp.Compare(a.port, b.port))
	})
	lines := []string{
		now.Format("15:04:05  ") + v.about,
		fmt.Sprintf("%-26s %8s %8s %8s %8s  %-18s %5s  %-6s  %s", "CAUSE", "SENT", "RECEIVED", "FAILED", "/s", "WHO", "PORT", "LAST", "SCENARIO"),
	}
	for i, row := range rows {
		if i < most {
			rate := float64(row.all()-row.before) / topEvery.Seconds()
			port := ""
			if row.port != 0 {
				port = fmt.Sprint(row.port)
			}
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%-26s %8d %8d %8d %8.1f  %-18s %5s  %-6s  %s", row.cause,
				row.sent, row.received, row.failed, rate, terminal.Line(orDash(row.who)), port, ago(now.Sub(row.last)), row.shown), " "))
		}
		row.before = row.all()
	}
	if left := len(rows) - most; left > 0 {
		lines[0] += fmt.Sprintf(" · %d more rows", left)
	}
	return lines
}

// ago is how long something is past.
func ago(d time.Duration) string {
	if d < time.Second {
		return "now"
	}
	return d.Truncate(time.Second).String()
}

func (v *watchTop) show(d *watch.Diagnosis) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	cause := orDash(d.Cause)
	if !d.Sure() && d.Cause != "" {
		cause += fmt.Sprintf(" or %d more", len(d.Or))
	}
	who := d.Owner.Name
	if who != "" && !d.Owner.Sure() {
		who += "?"
	}
	key := fmt.Sprint(cause, "\x00", who, "\x00", d.ServerPort())
	row := v.rows[key]
	if row == nil {
		row = &topRow{cause: cause, who: who, port: d.ServerPort(), shown: d.Shown}
		if len(v.rows) >= mostTopRows {
			key = "\x00"
			if row = v.rows[key]; row == nil {
				row = &topRow{cause: "others", who: "others"}
			}
		}
		v.rows[key] = row
	}
	times := max(1, d.Times)
	switch d.Kind {
	case watch.Sent:
		row.sent += times
	case watch.Received:
		row.received += times
	default:
		row.failed += times
	}
	row.last, v.news = d.Time, true
	return v.err
}

func (v *watchTop) end(s *watch.Summary, seen, lost uint64) error {
	close(v.stop)
	<-v.done
	if v.screen {
		io.WriteString(v.out, leaveScreen)
	} else {
		v.draw()
	}
	return v.watchLines.end(s, seen, lost)
}
