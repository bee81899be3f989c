package render_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/internal/browsertest"
)

// A tab is a page open in a real, headless Chromium.
type tab struct {
	ctx   context.Context
	url   string
	asked chan string // of a network
}

// open shows reports in Chromium.
func open(t *testing.T, reports ...*verdict.Report) *tab {
	t.Helper()
	ctx := browsertest.Start(t)
	path := filepath.Join(t.TempDir(), "page.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := render.Page(file, reports...); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	p := &tab{ctx: ctx, url: (&url.URL{Scheme: "file", Path: path}).String(), asked: make(chan string, 100)}
	if err := chromedp.Listen(ctx, func(event any) {
		request, ok := event.(*network.EventRequestWillBeSent)
		if ok && !strings.HasPrefix(request.Request.URL, "file:") && !strings.HasPrefix(request.Request.URL, "data:") &&
			request.Request.URL != "about:blank" {
			p.asked <- request.Request.URL
		}
	}); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// show loads the page anew at a width, with what follows # in its address.
func (p *tab) show(t *testing.T, width int64, hash string) {
	t.Helper()
	p.do(t, chromedp.EmulateViewport(width, 900), chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+hash))
}

func (p *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func (p *tab) prefer(t *testing.T, medium, scheme string) {
	t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		t.Fatal(err)
	}
}

// eval returns the value of a JavaScript expression.
func eval[T any](t *testing.T, p *tab, format string, args ...any) T {
	t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](fmt.Sprintf(format, args...)))
	if err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
	return v
}

// second is a report of another agent, with a place of its own.
func second() *verdict.Report {
	r := sample()
	r.Subject, r.Cells, r.Unmet = "other client", r.Cells[2:6], nil
	r.Cells = append(r.Cells, result("P11/rst/once/read", verdict.Unharmed))
	return r
}

func TestPageInChromium(t *testing.T) {
	p := open(t, sample(), second())
	for _, c := range []struct {
		name string
		test func(*testing.T, *tab)
	}{
		{"shows agents by cells", showsCells},
		{"opens the evidence of a cell by click and closes it by Escape", opensEvidence},
		{"moves between cells by the arrow keys", movesByKeys},
		{"keeps rows with a bad cell", keepsRows},
		{"never scrolls sideways", fits},
		{"has contrast in light and dark", contrast},
		{"prints the evidence of what is bad", prints},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(t, p)
			select {
			case asked := <-p.asked:
				t.Errorf("the page asked a network for %s", asked)
			default:
			}
		})
	}
}

func showsCells(t *testing.T, p *tab) {
	p.show(t, 1280, "")
	if got := eval[int](t, p, `document.querySelectorAll('.cell').length`); got != 15 {
		t.Errorf("%d cells, want the 10 of the one and the 5 of the other", got)
	}
	// The row of P7 and RST has both agents: four columns each.
	row := eval[string](t, p, `[...document.querySelectorAll('#matrix .row')][1].innerText.replace(/\s+/g, ' ')`)
	if want := "rst reread ✗DUPLICATE error ✗HUNG+GO reread ✗DUPLICATE error ✗HUNG+GO"; row != want {
		t.Errorf("the row says %q, want %q", row, want)
	}
	if n := eval[int](t, p, `document.querySelectorAll('script').length`); n != 2 {
		t.Errorf("%d scripts: what an error says became part of the page", n)
	}
	if !eval[bool](t, p, `document.querySelector('.card.bad .verdict') && document.body.textContent.includes('<script>alert(1)</script>')`) {
		t.Error("what an error says is not shown")
	}
	if got := eval[int](t, p, `JSON.parse(document.querySelector('#reports').textContent)[0].cells.length`); got != 10 {
		t.Errorf("the embedded report has %d cells", got)
	}
}

func opensEvidence(t *testing.T, p *tab) {
	p.show(t, 1280, "")
	if n := eval[int](t, p, `[...document.querySelectorAll('.card')].filter(c => c.checkVisibility()).length`); n != 0 {
		t.Errorf("%d pieces of evidence are open at the start", n)
	}
	p.do(t, chromedp.Click(chromedp.CSS(`.cell[aria-label="shop client, P7/rst/once/write: DUPLICATED"]`)))
	text := eval[string](t, p, `document.querySelector('.card:target').innerText`)
	for _, want := range []string{"P7/rst/once/write", "executed 2 times", "64 6f 6e 65 20 3c 69 64 3e", "done <id>...",
		"Bytes at the cut, toward the client", "bytes to server"} {
		if !strings.Contains(text, want) {
			t.Errorf("the evidence lacks %q: %s", want, text)
		}
	}
	if n := eval[int](t, p, `document.querySelectorAll('.card:target .line g').length`); n != 2 {
		t.Errorf("the time line has %d attempts, want 2", n)
	}
	p.do(t, chromedp.SendKeys(chromedp.CSS(`.card:target`), kb.Escape))
	focus := eval[string](t, p,
		`document.querySelector('.card:target') ? 'open' : document.activeElement.getAttribute('aria-label')`)
	if !strings.Contains(focus, "P7/rst/once/write") {
		t.Errorf("after Escape: %s, want the cell in focus", focus)
	}
}

func movesByKeys(t *testing.T, p *tab) {
	p.show(t, 1280, "")
	eval[bool](t, p, `(document.querySelector('.cell[aria-label*="shop client, P7/rst/once/write"]').focus(), true)`)
	for _, step := range []struct{ key, want string }{
		{kb.ArrowRight, "P7/rst/always/read"}, {kb.ArrowLeft, "P7/rst/once/write"},
		{kb.ArrowDown, "P7/fin/once/write"}, {kb.ArrowUp, "P7/rst/once/write"},
	} {
		p.do(t, chromedp.SendKeys(chromedp.CSS(`:focus`), step.key))
		if got := eval[string](t, p, `document.activeElement.getAttribute('aria-label')`); !strings.Contains(got, step.want) {
			t.Errorf("in focus is %q, want %q", got, step.want)
		}
	}
	p.do(t, chromedp.SendKeys(chromedp.CSS(`:focus`), kb.Enter))
	if got := eval[string](t, p, `document.querySelector('.card:target h2')?.textContent`); got != "P7/rst/once/write" {
		t.Errorf("Enter opened %q", got)
	}
}

func keepsRows(t *testing.T, p *tab) {
	p.show(t, 1280, "")
	rows := `[...document.querySelectorAll('#matrix .row')].filter(r => r.checkVisibility()).length`
	all := eval[int](t, p, "%s", rows)
	p.do(t, chromedp.Click(chromedp.CSS(`[data-show=bad]`)))
	if few := eval[int](t, p, "%s", rows); few != 1 || all != 5 {
		t.Errorf("%d of %d rows, want 1 of 5", few, all)
	}
	p.do(t, chromedp.Click(chromedp.CSS(`[data-show=""]`)))
	if again := eval[int](t, p, "%s", rows); again != all {
		t.Errorf("%d rows are back of %d", again, all)
	}
}

func fits(t *testing.T, p *tab) {
	for _, width := range []int64{320, 375, 768, 1280} {
		p.show(t, width, "")
		widths := eval[map[string]int64](t, p, `Object.fromEntries([...document.querySelectorAll('.card'), {id: ''}].map(card => {
			location.hash = '#' + card.id;
			if (card.id && !card.checkVisibility()) return [card.id, -1];
			return [card.id, document.documentElement.scrollWidth];
		}))`)
		for card, got := range widths {
			if got > width || got < 0 {
				t.Errorf("at %d with %q the page is %d wide", width, card, got)
			}
		}
	}
}

// ratio is the contrast of an element's text with what is behind it (WCAG
// 2.2, "contrast ratio").
const ratio = `((selector) => {
	const element = document.querySelector(selector);
	const light = (color) => {
		const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
		const [r, g, b] = color.match(/\d+/g).map(v => linear(v / 255));
		return .2126 * r + .7152 * g + .0722 * b;
	};
	let behind = element;
	while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
	const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(behind ?? document.body).backgroundColor)];
	return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
})(%q)`

func contrast(t *testing.T, p *tab) {
	for _, scheme := range []string{"light", "dark"} {
		p.prefer(t, "", scheme)
		p.show(t, 1280, "#cell-1-4")
		for _, selector := range []string{"h1", ".agent p", ".when", ".problem", "button", "button[aria-pressed=true]",
			".cell.good", ".cell.bad", ".cell.weak", ".cell.expected", ".place th", ".legend dd", ".signs", ".none",
			".card:target .verdict b", ".card:target dt", ".card:target dd", ".card:target pre", ".card:target th"} {
			if got := eval[float64](t, p, ratio, selector); got < 4.5 {
				t.Errorf("%s: contrast of %s is %.2f, want at least 4.5", scheme, selector, got)
			}
		}
	}
	p.prefer(t, "", "light")
}

func prints(t *testing.T, p *tab) {
	p.show(t, 1280, "")
	p.prefer(t, "print", "light")
	defer p.prefer(t, "", "light")
	if n := eval[int](t, p, `[...document.querySelectorAll('.card')].filter(c => c.checkVisibility()).length`); n != 4 {
		t.Errorf("on paper there is the evidence of %d cells, want the 4 bad ones", n)
	}
}
