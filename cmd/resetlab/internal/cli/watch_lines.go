package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/watch"
)

// watchLines tells of each reset in a few lines, and of the cure of a cause
// once. Of what is alike it shows some in each second, and counts the others.
type watchLines struct {
	out    io.Writer
	draw   func(d *watch.Diagnosis) (string, error) // what is shown of one
	cured  map[string]bool
	second time.Time
	shown  map[string]int
	hidden int64
}

// mostAlike is how many of a kind are shown in a second.
const mostAlike = 20

func newWatchLines(out io.Writer) *watchLines {
	v := &watchLines{out: out, cured: map[string]bool{}, shown: map[string]int{}}
	v.draw = func(d *watch.Diagnosis) (string, error) { return terminal.Printable(v.text(d)), nil }
	return v
}

func (v *watchLines) begin(i watchIntroduction) error {
	var b strings.Builder
	writeWrapped(&b, "", fmt.Sprintf("watching %s by %s, %s", watchedPlace(i.Source), i.Source, i.Privileges))
	if i.Metrics != "" {
		fmt.Fprintf(&b, "  counted at %s\n", i.Metrics)
	}
	for _, lack := range i.Lacks {
		writeWrapped(&b, "  ", lack)
	}
	_, err := io.WriteString(v.out, terminal.Printable(b.String()))
	return err
}

// watchedPlace is what a source sees.
func watchedPlace(source string) string {
	if source == watch.SourceCounters {
		return "this network namespace"
	}
	return "the whole machine"
}

func (v *watchLines) show(d *watch.Diagnosis) error {
	if second := d.Time.Truncate(time.Second); second.After(v.second) {
		if v.hidden > 0 {
			fmt.Fprintf(v.out, "              … and %d more like these\n", v.hidden)
		}
		v.second, v.hidden = second, 0
		clear(v.shown)
	}
	if d.Counter != "" {
		_, err := io.WriteString(v.out, terminal.Printable(v.count(d)))
		return err
	}
	if d.Times > 0 {
		v.hidden += d.Times
		return nil
	}
	kind := alike(d)
	if v.shown[kind]++; v.shown[kind] > mostAlike {
		v.hidden++
		return nil
	}
	text, err := v.draw(d)
	if err == nil {
		_, err = io.WriteString(v.out, text)
	}
	return err
}

// alike is the same for resets that are alike.
func alike(d *watch.Diagnosis) string {
	return fmt.Sprint(d.Kind, d.Cause, d.Owner.Name, d.ServerPort())
}

const watchIndent = "              "

// text is what is said of one.
func (v *watchLines) text(d *watch.Diagnosis) string {
	var b strings.Builder
	sign := signs()[d.Kind]
	arrow := map[watch.Kind]string{watch.Sent: "→", watch.Received: "←", watch.Failed: "–"}[d.Kind]
	parts := []string{fmt.Sprintf("%v %s %v", d.Local, arrow, d.Remote)}
	if d.Peer != nil && d.Peer.Owner.PID != 0 {
		parts[0] += " (" + d.Peer.Owner.String() + ")"
	}
	for _, part := range []string{d.Group.String(), bytesOf(d.Unread, "unread"), bytesOf(d.Unacked+d.Unsent, "under way")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	fmt.Fprintf(&b, "%s  %-10s %-16s %s\n", d.Time.Local().Format("15:04:05.000"), sign, orDash(d.Owner.String()), strings.Join(parts, " · "))
	if facts := factsOf(d); facts != "" {
		fmt.Fprintf(&b, "%s%s\n", watchIndent, facts)
	}
	writeWrapped(&b, watchIndent, d.Why)
	v.causes(&b, d, watchIndent)
	return b.String()
}

// causes says which cause it is, and what it cost; and once what cures it.
func (v *watchLines) causes(b *strings.Builder, d *watch.Diagnosis, indent string) {
	writeWrapped(b, indent+"cause ", fmt.Sprintf("%s (%s); lost: %s", causeOf(d.Cause, d.Or), d.Level, d.Lost))
	if d.Behind != nil {
		writeWrapped(b, indent, fmt.Sprintf("perhaps passed on: the process had just received a reset from %v", d.Behind.Remote))
	}
	if d.Cure != "" && !v.cured[d.Cause] {
		v.cured[d.Cause] = true
		writeWrapped(b, indent+"cure  ", d.Cure)
		if d.Shown != "" {
			fmt.Fprintf(b, "%ssee   %s\n", indent, commandLine("run", d.Shown))
		}
	}
}

func signs() map[watch.Kind]string {
	return map[watch.Kind]string{watch.Sent: "▶ sent", watch.Received: "◀ received", watch.Failed: "✗ failed"}
}

// count is what is said of a counter.
func (v *watchLines) count(d *watch.Diagnosis) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-10s %d\n", d.Time.Local().Format("15:04:05.000"), signs()[d.Kind], d.Times)
	writeWrapped(&b, watchIndent, d.Why)
	if d.Cause != "" {
		writeWrapped(&b, watchIndent+"cause ", "perhaps "+causeOf(d.Cause, d.Or))
	}
	return b.String()
}

// factsOf is what the kernel told: the reason, the state, for how long.
func factsOf(d *watch.Diagnosis) string {
	var parts []string
	if d.Reason != "" {
		parts = append(parts, string(d.Reason))
	}
	if d.Error != "" {
		parts = append(parts, d.Error)
	}
	if d.Was != "" {
		parts = append(parts, "in "+string(d.Was))
	}
	if d.Answered != nil {
		parts = append(parts, fmt.Sprintf("answered %s with %s", d.Answered.Flags, counted(int64(d.Answered.Len), "byte")))
	}
	if d.Age > 0 {
		parts = append(parts, roughly(d.Age)+" old")
	}
	if d.Idle >= time.Second {
		parts = append(parts, "idle "+d.Idle.Round(time.Second).String())
	}
	switch {
	case !d.Acts():
	case d.Signal != "":
		parts = append(parts, d.Signal)
	case d.Dying:
		parts = append(parts, "its process exits")
	case d.Call != "":
		parts = append(parts, d.Call+"()")
	}
	return strings.Join(parts, ", ")
}

// roughly is a duration with few digits.
func roughly(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond} {
		if d >= 10*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Microsecond).String()
}

func bytesOf(n int64, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s", counted(n, "byte"), what)
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// causeOf names a cause, and what else it may be.
func causeOf(cause string, or []string) string {
	const most = 4
	switch {
	case cause == "":
		return "none that the catalogue has"
	case len(or) == 0:
		return cause
	case len(or) > most:
		return fmt.Sprintf("%s, or %s or one of %d more", cause, strings.Join(or[:most], ", "), len(or)-most)
	}
	return fmt.Sprintf("%s, or %s", cause, strings.Join(or, ", "))
}

// end sums up.
func (v *watchLines) end(s *watch.Summary, seen, lost uint64) error {
	var b strings.Builder
	if v.hidden > 0 {
		fmt.Fprintf(&b, "%s… and %d more like these\n", watchIndent, v.hidden)
	}
	fmt.Fprintf(&b, "\n%s; of %d events of the kernel %d are lost\n", counted(s.Total(), "reset"), seen, lost)
	if folded := s.Folded(); folded > 0 {
		writeWrapped(&b, "", fmt.Sprintf("%s were only counted, by their kinds: --rate is how many of a kind are told in a second", counted(folded, "event")))
	}
	for _, group := range byCause(s.Rows()) {
		first, total, lossy, who := group[0], int64(0), int64(0), []string(nil)
		for _, row := range group {
			total, lossy = total+row.Count, lossy+row.Lossy
			if len(who) < mostNamed {
				who = append(who, fmt.Sprintf("%s %d×", programAt(row), row.Count))
			}
		}
		what := "no cause of the catalogue"
		if cause, found := causes.Find(first.Cause); found {
			what = cause.What
		}
		b.WriteByte('\n')
		writeWrapped(&b, fmt.Sprintf("%6d  ", total), causeOf(first.Cause, first.Or))
		writeWrapped(&b, "        ", what)
		writeWrapped(&b, "        ", fmt.Sprintf("%s; %d surely lost data", strings.Join(who, ", "), lossy))
		if first.Cure != "" {
			writeWrapped(&b, "        cure  ", first.Cure)
		}
		if first.Shown != "" {
			fmt.Fprintf(&b, "        see   %s\n", commandLine("run", first.Shown))
		}
	}
	_, err := io.WriteString(v.out, terminal.Printable(b.String()))
	return err
}

// mostNamed is how many programs a cause is summed up for.
const mostNamed = 5

// byCause puts the rows of each cause together, those that came most often first.
func byCause(rows []watch.Row) [][]watch.Row {
	var groups [][]watch.Row
	totals := map[string]int64{}
	for _, row := range rows {
		totals[row.Cause] += row.Count
		at := slices.IndexFunc(groups, func(g []watch.Row) bool { return g[0].Cause == row.Cause })
		if at < 0 {
			groups = append(groups, []watch.Row{row})
		} else {
			groups[at] = append(groups[at], row)
		}
	}
	slices.SortStableFunc(groups, func(a, b []watch.Row) int { return cmp.Compare(totals[b[0].Cause], totals[a[0].Cause]) })
	return groups
}

// programAt names a program and the port of the server.
func programAt(row watch.Row) string {
	switch {
	case row.Port == 0:
		return orDash(row.Owner)
	case row.Owner == "":
		return fmt.Sprintf("port %d", row.Port)
	}
	return fmt.Sprintf("%s at port %d", row.Owner, row.Port)
}
