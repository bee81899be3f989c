package render

import (
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

//go:embed page
var assets embed.FS

// Page writes reports as one HTML file that needs no network: the agents and
// their cells as a matrix, and for each cell its evidence. The error is that of
// writing to w.
func Page(w io.Writer, reports ...*verdict.Report) error {
	p := &page{Reports: reports, Columns: columnsOf(reports...)}
	for _, asset := range []struct {
		name string
		set  func(string)
	}{
		{"page/page.css", func(text string) { p.CSS = template.CSS(text) }},
		{"page/page.js", func(text string) { p.JS = template.JS(text) }},
	} {
		text, err := assets.ReadFile(asset.name)
		if err != nil {
			return fmt.Errorf("lay out the page: %w", err)
		}
		asset.set(string(text))
	}
	p.fill(reports)
	t, err := template.ParseFS(assets, "page/*.html")
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	if err := t.ExecuteTemplate(w, "page.html", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// A page is what the template shows.
type page struct {
	CSS     template.CSS
	JS      template.JS
	Reports []*verdict.Report
	Agents  []agentView
	Columns []column
	Groups  []groupView
	Legend  []word
	Cards   []cardView
}

type agentView struct {
	Name, Protocol, Summary, Untried, When, Stopped string
	Unmet                                           []string
	Bad                                             int
}

// A groupView is a place with its rows.
type groupView struct {
	Place, Says string
	Rows        []rowView
}

type rowView struct {
	Fault string
	Cells []cellView // by agents, and for each by columns
}

// A cellView is a cell of the matrix; without a Card there is no such cell.
type cellView struct {
	Card               string // the id of its evidence
	Class, Sign, Short string
	Label              string // for readers who hear the page
	First              bool   // of an agent
}

// A cardView is the evidence of a cell.
type cardView struct {
	ID, Agent, Name, Says string
	Class, Sign           string
	Verdict, Reason       string
	Facts                 []fact
	Wire                  string
	Calls                 []string // on the struck connection
	Chain                 []string
	Cut                   *cutView
	Line                  []tick
	Lasted                string
}

type fact struct{ Name, Text string }

// A cutView shows the bytes at the cut.
type cutView struct {
	Toward        string
	Before, After bytesView
}

type bytesView struct{ Hex, Text string }

// A tick is an attempt on the time line, at X of a thousand.
type tick struct {
	Number, X          int
	Struck             bool
	At                 string
	Connection         int
	ToServer, ToClient int64
}

// Heads returns the columns once for each agent, for the second line of the
// matrix's head.
func (p *page) Heads() (list []cellView) {
	for range p.Agents {
		for i, c := range p.Columns {
			list = append(list, cellView{Short: string(c.operation), Label: string(c.repeat), First: i == 0})
		}
	}
	return list
}

func (p *page) fill(reports []*verdict.Report) {
	for _, r := range reports {
		p.Agents = append(p.Agents, agentView{
			Name: plain(r.Subject), Protocol: plain(r.Protocol), Summary: summary(r), Untried: untried(r), Stopped: plain(r.Stopped),
			When:  fmt.Sprintf("%s, took %s, seed %d", r.Started.UTC().Format("2 January 2006 15:04 UTC"), lasted(r.Duration), r.Seed),
			Unmet: r.Unmet, Bad: tally(r)[bad],
		})
	}
	var all []verdict.Result
	for _, r := range reports {
		all = append(all, r.Cells...)
	}
	p.Legend = legend(all)
	for _, g := range groupsOf(reports...) {
		view := groupView{Place: plain(g.place), Says: plain(g.says)}
		for _, fault := range g.faults {
			row := rowView{Fault: string(fault)}
			for number, r := range reports {
				for i, c := range p.Columns {
					result, ok := at(r, g.place, fault, c)
					cell := cellView{First: i == 0}
					if ok {
						cell = p.card(number, r, result, cell)
					}
					row.Cells = append(row.Cells, cell)
				}
			}
			view.Rows = append(view.Rows, row)
		}
		p.Groups = append(p.Groups, view)
	}
}

// Short, Outcome and Says are what the template shows of a word.
func (w word) Short() string   { return w.short }
func (w word) Outcome() string { return string(w.outcome) }
func (w word) Says() string    { return w.says }

// card adds the evidence of a result and returns its cell in the matrix.
func (p *page) card(number int, r *verdict.Report, c verdict.Result, cell cellView) cellView {
	k := classOf(c)
	view := cardView{
		ID: fmt.Sprintf("cell-%d-%d", number+1, len(p.Cards)+1), Agent: plain(r.Subject), Name: plain(c.ID),
		Says: plain(says(r, c.Place)), Class: string(k), Sign: strings.TrimSpace(k.sign()),
		Verdict: c.Verdict.String(), Reason: plain(c.Verdict.Reason),
		Facts: factsOf(c), Line: ticks(c), Lasted: lasted(c.Duration),
	}
	for line := range strings.Lines(c.Card) {
		view.Wire += strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))) + plain(line) + "\n"
	}
	if c.Trace != nil {
		view.Calls = traceLines(c.Trace)
	}
	for _, err := range c.Chain {
		view.Chain = append(view.Chain, plain(err))
	}
	if c.Cut != nil {
		view.Cut = &cutView{string(c.Cut.Toward), show(c.Cut.Before), show(c.Cut.After)}
	}
	p.Cards = append(p.Cards, view)
	cell.Card, cell.Class, cell.Sign, cell.Short = view.ID, view.Class, view.Sign, short(c)
	cell.Label = fmt.Sprintf("%s, %s: %s", view.Agent, view.Name, view.Verdict)
	return cell
}

func factsOf(c verdict.Result) []fact {
	facts := []fact{
		{"the fault struck", times(c.Strikes)},
		{"the server executed it", executions(c)},
		{"attempts", fmt.Sprint(len(c.Attempts))},
	}
	if c.Elsewhere > 0 {
		facts = append(facts, fact{"connections to the healthy address", fmt.Sprint(c.Elsewhere)})
	}
	if c.Got >= 0 && c.Want >= 0 {
		facts = append(facts, fact{"data", fmt.Sprintf("%d of %d bytes", c.Got, c.Want)})
	}
	if c.Ending != "" {
		facts = append(facts, fact{"the error says", ending(c.Ending)})
	}
	if c.FollowUp != "" {
		facts = append(facts, fact{"the next call", plain(c.FollowUp)})
	}
	if c.Untold {
		facts = append(facts, fact{"the error's class", "not told"})
	}
	if c.Known != "" {
		facts = append(facts, fact{"it could have known", plain(c.Known)})
	}
	if c.Trace != nil {
		facts = append(facts, fact{"its system calls", traceSays(c.Trace)})
	}
	if c.Expected != "" {
		facts = append(facts, fact{"expected", plain(c.Expected)})
	}
	return facts
}

func ending(e harness.Ending) string { return plain(string(e)) }

// show makes bytes readable: in hexadecimal, and as text with dots.
func show(b []byte) bytesView {
	const most = 64
	b = b[:min(len(b), most)]
	text := make([]byte, len(b))
	for i, c := range b {
		text[i] = '.'
		if c >= ' ' && c <= '~' {
			text[i] = c
		}
	}
	var pairs []string
	for _, c := range b {
		pairs = append(pairs, hex.EncodeToString([]byte{c}))
	}
	return bytesView{strings.Join(pairs, " "), string(text)}
}

// mostTicks bounds the time line.
const mostTicks = 50

func ticks(c verdict.Result) (list []tick) {
	for i, a := range c.Attempts[:min(len(c.Attempts), mostTicks)] {
		x := 0
		if c.Duration > 0 {
			x = int(1000 * min(max(a.At, 0), c.Duration) / max(c.Duration, time.Nanosecond))
		}
		list = append(list, tick{i + 1, x, a.Struck, lasted(a.At), a.Connection, a.ToServer, a.ToClient})
	}
	return list
}
