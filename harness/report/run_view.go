package report

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// mostCapture bounds the capture that a page offers, in bytes.
const mostCapture = 1 << 20

// A runView is a recording as the page shows it.
type runView struct {
	N, Next              int // Next is 0 in the last run
	Title, Level, System string
	Started              string
	ClientSaw            string // as the filters say it
	ClientPhrase         string // with the call
	ClientFailed         bool
	ServerPhrase         string
	Client, Server       string // the names of the outer lifelines
	Wire                 []string
	Reasons              []string
	Counters             []string
	Silent               string // what to say where no counter moved
	Glyph                []glyphStroke
	Verdicts             []verdictView
	Endings              []string
	Evidence             string
	Missing              []string
	Drawings             []drawing
	Machine              *machine
	About                About
	Hosts                []string
	Steps                []stepView
	Mermaid              string
	Capture              template.URL // empty if there is nothing to download
	File                 string       // the name of a download, without its suffix
}

// A verdictView is the answer on one RST.
type verdictView struct {
	Sender, Reason, Why, Clue string
	More                      string // what the reason's name hides
	Losses                    []lossView
}

type lossView struct {
	Text string
	Torn string // the path of what was delivered, torn at its end
}

// A stepView is a row of the table.
type stepView struct {
	N          int
	Time       string
	Cells      []cellView // one for each lifeline
	Wire, Why  string
	RST, Aside bool
}

type cellView struct{ Host, Text, Class string }

func newRunView(n int, r *evidence.Recording) (runView, error) {
	clean := rewrite(r, plain)
	t := newTimeline(clean, pageSteps)
	v := runView{
		N: n, Title: clean.Scenario, Level: string(clean.Level), System: clean.System,
		Client: endName(t, 0), Server: endName(t, len(t.hosts)-1),
		Evidence: evidenceText(clean), Machine: t.machine(), Counters: counterTexts(clean.Counters),
		Wire: wireSummary(t), Glyph: glyph(t), File: fmt.Sprintf("%s-%d", slug(clean.Scenario), n),
	}
	if v.Title == "" {
		v.Title = "A run without a name"
	}
	if !clean.Started.IsZero() {
		v.Started = clean.Started.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	v.ClientSaw, v.ClientPhrase, v.ClientFailed = sawText(clean, v.Client)
	_, v.ServerPhrase, _ = sawText(clean, v.Server)
	v.Drawings = []drawing{t.draw(wide(len(t.hosts))), t.draw(narrow(len(t.hosts)))}
	for _, h := range t.hosts {
		v.Hosts = append(v.Hosts, h.Name)
	}
	for i := range t.steps {
		v.Steps = append(v.Steps, t.stepView(i))
	}
	if v.Silent = "none moved"; missing(clean, evidence.Counters) {
		v.Silent = "not seen"
	}
	v.addVerdicts(t)
	var mermaid strings.Builder
	if err := Mermaid(&mermaid, r); err != nil {
		return v, err
	}
	v.Mermaid = mermaid.String()
	return v, v.addCapture(r)
}

// endName returns the name of a lifeline: what ends see is compared by it.
func endName(t *timeline, i int) string {
	if i < 0 || i >= len(t.hosts) {
		return ""
	}
	return t.hosts[i].Name
}

// sawText says how the connection ended for the end at host: in a word, with
// the call that was told so, and whether that was a failure.
func sawText(r *evidence.Recording, host string) (word, phrase string, failure bool) {
	saw := r.Saw(host)
	for _, o := range r.Outcomes {
		if o.Host == host && o.Ending == saw {
			calm := saw == tcp.Open || saw == tcp.Closed || saw == tcp.Finished
			return errno(saw), outcomeText(o), !calm
		}
	}
	return "not seen", "not seen", false
}

func (v *runView) addVerdicts(t *timeline) {
	r, seen := t.rec, map[string]bool{}
	for i, reset := range r.Resets[:min(len(r.Resets), mostLines)] {
		view := verdictView{Sender: senderText(reset), Reason: reset.Reason, Why: reset.Why, Clue: reset.Clue}
		if words, ok := tcp.Reason(reset.Reason).Explain(); ok {
			_, view.More, _ = strings.Cut(words, ". ")
		}
		lost := t.losses(i)
		for _, l := range lost[:min(len(lost), mostLines)] {
			if l.Written > l.Delivered {
				view.Losses = append(view.Losses, lossView{lossText(l), torn(l)})
			}
		}
		v.Verdicts = append(v.Verdicts, view)
		name := reset.Reason
		switch {
		case name == "" && reset.Sender == evidence.Between:
			name = "a device between"
		case name == "":
			name = "unknown"
		}
		if !seen[name] {
			seen[name] = true
			v.Reasons = append(v.Reasons, name)
		}
	}
	for _, o := range t.outcomes()[:min(len(r.Outcomes), mostLines)] {
		v.Endings = append(v.Endings, fmt.Sprintf("%s saw %s · sent %s, received %s",
			o.Host, outcomeText(o), count(o.Sent), count(o.Received)))
	}
	for _, m := range r.Missing[:min(len(r.Missing), mostLines)] {
		v.Missing = append(v.Missing, fmt.Sprintf("no %s lane: %s", m.Lane, m.Why))
	}
	v.Missing = append(v.Missing, lostTexts(r, t.hidden)...)
}

// torn returns the part of a bar of 200 units that was delivered.
func torn(l evidence.Loss) string {
	share := float64(max(0, l.Delivered)) / float64(max(1, l.Written))
	x := int(math.Round(200 * min(share, 1)))
	if x < 2 {
		return "M0 0"
	}
	return fmt.Sprintf("M0 0 H%d l5 3.5 l-7 3.5 l7 3.5 l-5 3.5 H0 z", x)
}

// addCapture offers the capture as a link that holds the file itself.
func (v *runView) addCapture(r *evidence.Recording) error {
	size := 0
	for _, e := range r.Events {
		if e.Packet != nil {
			size += len(e.Packet.Data)
		}
	}
	if size == 0 || size > mostCapture {
		return nil
	}
	var capture strings.Builder
	if err := Pcapng(&capture, r); err != nil {
		return err
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(capture.String()))
	v.Capture = template.URL("data:application/x-pcapng;base64," + encoded)
	return nil
}

// stepView returns a step as a row of the table.
func (t *timeline) stepView(i int) stepView {
	s := &t.steps[i]
	v := stepView{N: i + 1, Time: clock(s.at), RST: s.segment != nil && s.segment.rst}
	if s.omitted > 0 {
		v.Time, v.Aside, v.Wire = "", true, plural(int64(s.omitted), "step")+" left out"
	}
	for host := range t.hosts {
		cell := cellView{Host: t.hosts[host].Name}
		if n := s.noteAt(host); n != nil {
			cell.Text, cell.Class = t.prefix(n.flow)+n.text, n.class()
		}
		v.Cells = append(v.Cells, cell)
	}
	if s.segment != nil {
		arrow := map[bool]string{true: "→", false: "←"}[s.segment.from < s.segment.to]
		left, right := min(s.segment.from, s.segment.to), max(s.segment.from, s.segment.to)
		v.Wire = fmt.Sprintf("%s %s %s  %s", t.hosts[left].Name, arrow, t.hosts[right].Name,
			t.prefix(s.flow)+s.segment.labels[0])
	}
	if s.reset != nil {
		v.Why = s.reset.Reason
	}
	return v
}

// slug writes a sentence as a file name.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	name := strings.Join(words, "-")
	if name == "" {
		return "run"
	}
	return strings.TrimSuffix(name[:min(len(name), 60)], "-")
}
