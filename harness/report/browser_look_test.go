package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/resetlab/resetlab/harness/evidence"
)

// ratio is the contrast of an element's text with what is behind it (WCAG
// 2.2, "contrast ratio").
const ratio = `((selector) => {
	const element = document.querySelector(selector), svg = element instanceof SVGElement;
	const light = (color) => {
		const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
		const [r, g, b] = color.match(/\d+/g).map(v => linear(v / 255));
		return .2126 * r + .7152 * g + .0722 * b;
	};
	let behind = element;
	while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
	const style = getComputedStyle(element);
	const [a, b] = [light(svg ? style.fill : style.color), light(getComputedStyle(behind ?? document.body).backgroundColor)];
	return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
})(%q)`

func contrast(t *testing.T, p *tab, recordings []*evidence.Recording) {
	backgrounds := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		p.emulate(t, "", scheme, "reduce")
		check := func(hash string, selectors ...string) {
			p.show(t, 1280, hash)
			for _, selector := range selectors {
				if got := eval[float64](t, p, ratio, selector); got < 4.5 {
					t.Errorf("%s: contrast of %s is %.2f, want at least 4.5", scheme, selector, got)
				}
			}
		}
		check("", "h1", "h1 em", ".lede", ".filter", ".filter[aria-pressed=true]",
			".card h3", ".card dt", ".card dd", ".errno.bad", ".level", ".none")
		check(fmt.Sprintf("#run-%d", runOf(t, recordings, "finishing_politely")),
			".run.open h2", ".run.open .meta", ".run.open .back", ".run.open .time", ".run.open .host", ".run.open .label",
			".run.open .note.opening text", ".run.open .note.open text", ".run.open .note.closing text",
			".run.open .note.half text", ".run.open .note.waiting text", ".run.open .node text", ".run.open td", ".run.open th")
		check(fmt.Sprintf("#run-%d", runOf(t, recordings, "keepalive_gives_up")),
			".run.open .verdict-reason", ".run.open .verdict-by", ".run.open .rst .label", ".run.open .missing",
			".run.open tr.rst .reason")
		backgrounds[scheme] = eval[string](t, p, `getComputedStyle(document.body).backgroundColor`)
	}
	p.emulate(t, "", "light", "reduce")
	if backgrounds["light"] == backgrounds["dark"] {
		t.Errorf("light and dark have the same background: %v", backgrounds)
	}
}

func reducedMotion(t *testing.T, p *tab, recordings []*evidence.Recording) {
	moving := func(motion string) int {
		p.emulate(t, "", "light", motion)
		p.show(t, 1280, fmt.Sprintf("#run-%d", runOf(t, recordings, "abort")))
		return eval[int](t, p, `[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
			return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none' || s.scrollBehavior === 'smooth' }).length`)
	}
	if n := moving("no-preference"); n == 0 {
		t.Error("nothing moves for those who do not mind: this test proves nothing")
	}
	if n := moving("reduce"); n != 0 {
		t.Errorf("%d elements move", n)
	}
}

func prints(t *testing.T, p *tab, recordings []*evidence.Recording) {
	p.show(t, 1280, fmt.Sprintf("#run-%d", runOf(t, recordings, "abort")))
	p.do(t, chromedp.Click(chromedp.CSS(".run.open .first"))) // paper shows all steps all the same
	p.emulate(t, "print", "dark", "reduce")
	shown := eval[[]string](t, p, `['.controls', '.take', '.veil', '.crumbs'].filter(
		s => document.querySelector('.run.open ' + s).checkVisibility())`)
	if len(shown) > 0 {
		t.Errorf("on paper there is %q", shown)
	}
	if paper := eval[string](t, p, `getComputedStyle(document.body).backgroundColor`); paper != "rgb(255, 255, 255)" {
		t.Errorf("the paper is %s", paper)
	}
	if !eval[bool](t, p, `['.diagram.wide', 'table'].every(s => document.querySelector('.run.open ' + s).checkVisibility())`) {
		t.Error("the diagram or the table is not printed")
	}
	p.emulate(t, "", "light", "reduce")
	pdf, err := chromedp.Run(p.ctx, chromedp.PrintToPDF())
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("print: %v, %.8q", err, pdf)
	}
}

func downloads(t *testing.T, p *tab, recordings []*evidence.Recording) {
	n := runOf(t, recordings, "data_lost_in_an_abort")
	p.show(t, 1280, fmt.Sprintf("#run-%d", n))
	href := eval[string](t, p, `document.querySelector('.run.open .capture').href`)
	_, encoded, _ := strings.Cut(href, "base64,")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !bytes.Equal(data, capture(t, recordings[n-1])) {
		t.Errorf("the link does not hold the capture: %v, %d bytes", err, len(data))
	}
	if _, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.DefaultNgReaderOptions); err != nil {
		t.Errorf("the capture: %v", err)
	}
	var embedded []*evidence.Recording
	text := eval[string](t, p, `document.querySelector('#recordings').textContent`)
	if err := json.Unmarshal([]byte(text), &embedded); err != nil {
		t.Fatalf("the embedded recordings: %v", err)
	}
	got, want := toJSON(t, embedded), toJSON(t, recordings)
	if got != want {
		t.Error("the embedded recordings are not those that were given")
	}
	source := eval[string](t, p, `document.querySelector('.run.open .mermaid-source').textContent`)
	if source != mermaid(t, recordings[n-1]) {
		t.Errorf("the Mermaid source differs:\n%s", source)
	}
	p.do(t, chromedp.Click(chromedp.CSS(".run.open .copy-mermaid")),
		chromedp.WaitReady(chromedp.CSS("#said:not(:empty)")))
	p.do(t, chromedp.Click(chromedp.CSS(".run.open .save-json")))
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPageOfOddRecordingsInChromium(t *testing.T) {
	var recordings []*evidence.Recording
	for _, r := range odd(t) {
		recordings = append(recordings, r)
	}
	p := open(t, recordings...)
	for run, got := range widths(t, p, 375, len(recordings)) {
		if got > 375 {
			t.Errorf("run %d at 375 px is %d px wide", run, got)
		}
		p.do(t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`location.hash = '#run-%d'`, run)),
			chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft))
	}
	if eval[bool](t, p, `'pwned' in window`) {
		t.Error("a script of a recording ran")
	}
	if n := eval[int](t, p, `document.querySelectorAll('script').length`); n != 2 {
		t.Errorf("%d scripts, want our 2", n)
	}
	p.quiet(t)
}

func TestEmptyPageInChromium(t *testing.T) {
	p := open(t)
	if text := eval[string](t, p, `document.body.innerText`); !strings.Contains(text, "No run was recorded.") {
		t.Errorf("the empty page says %q", text)
	}
	p.quiet(t)
}
