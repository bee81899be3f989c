package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/resetlab/resetlab/harness/evidence"
)

func filters(t *testing.T, p *tab, recordings []*evidence.Recording) {
	p.show(t, 1280, "")
	want := map[string]int{"": len(recordings)}
	for saw, n := range eval[map[string]int](t, p, `Object.fromEntries([...document.querySelectorAll('.filter')].map(
		b => [b.dataset.saw, +b.querySelector('.n').textContent]))`) {
		want[saw] = n
	}
	if want["ECONNRESET"] < 2 || want["EPIPE"] == 0 || want["EOF"] == 0 {
		t.Fatalf("the filters count %v", want)
	}
	for saw, n := range want {
		p.do(t, chromedp.Click(chromedp.CSS(fmt.Sprintf(`.filter[data-saw=%q]`, saw))))
		shown := eval[[]string](t, p, `[...document.querySelectorAll('.card')].filter(
			c => c.checkVisibility()).map(c => c.dataset.saw)`)
		if len(shown) != n {
			t.Errorf("filter %q shows %d cards, says %d", saw, len(shown), n)
		}
		for _, got := range shown {
			if saw != "" && got != saw {
				t.Errorf("filter %q shows a card of %q", saw, got)
			}
		}
		pressed := eval[[]string](t, p, `[...document.querySelectorAll('.filter[aria-pressed=true]')].map(b => b.dataset.saw)`)
		if len(pressed) != 1 || pressed[0] != saw {
			t.Errorf("filter %q: pressed are %q", saw, pressed)
		}
		if story := eval[string](t, p, `document.querySelector('#story').textContent`); !strings.Contains(story, saw) {
			t.Errorf("filter %q: the headline says %q", saw, story)
		}
	}
}

// runOf returns the number of the run in the page that tells a scenario.
func runOf(t *testing.T, recordings []*evidence.Recording, name string) int {
	t.Helper()
	for i, n := range stored(t) {
		if n == name {
			return i + 1
		}
	}
	t.Fatalf("no recording %s", name)
	return 0
}

// A position is what the page says about where it is in a run.
type position struct {
	Now, Last   int
	Caption     string
	Lit, Veil   int
	Tokens      string
	Row, Marked int
}

func at(t *testing.T, p *tab) position {
	t.Helper()
	return eval[position](t, p, `(() => {
		const run = document.querySelector('.run.open'), q = (s) => run.querySelector(s);
		const diagram = [...run.querySelectorAll('.diagram')].find(d => d.checkVisibility());
		return { Now: +run.dataset.now, Last: +run.dataset.steps, Caption: q('.caption').textContent,
			Lit: run.querySelectorAll('.edge.lit').length, Veil: Math.round(parseFloat(diagram.querySelector('.veil').style.y)),
			Tokens: [...run.querySelectorAll('.token')].map(k => k.getAttribute('transform')).join(),
			Row: +(q('tbody tr.now')?.dataset.step ?? 0), Marked: +(diagram.querySelector('.step.now')?.dataset.step ?? 0) };
	})()`)
}

func stepsByButtons(t *testing.T, p *tab, recordings []*evidence.Recording) {
	n := runOf(t, recordings, "closing_with_unread_data")
	p.show(t, 1280, "")
	p.do(t, chromedp.Click(chromedp.CSS(fmt.Sprintf(`.card-link[href="#run-%d"]`, n))),
		chromedp.WaitVisible(chromedp.CSS(".run.open")))
	end := at(t, p)
	if end.Now != end.Last || end.Last < 10 || end.Lit == 0 {
		t.Fatalf("opened: %+v", end)
	}
	if focused := eval[string](t, p, `document.activeElement.id`); focused != fmt.Sprintf("title-%d", n) {
		t.Errorf("opened: the focus is on %q, want the title", focused)
	}
	press := func(button string) position {
		p.do(t, chromedp.Click(chromedp.CSS(".run.open ."+button)))
		return at(t, p)
	}
	start := press("first")
	if start.Now != 0 || start.Lit != 0 || start.Veil >= end.Veil || start.Tokens == end.Tokens {
		t.Errorf("first: %+v after %+v", start, end)
	}
	for want := 1; want <= end.Last; want++ {
		got := press("next")
		if got.Now != want || got.Row != want || got.Marked != want || got.Caption == "" {
			t.Fatalf("step %d: %+v", want, got)
		}
	}
	if got := at(t, p); got.Lit != end.Lit || got.Veil != end.Veil || got.Tokens != end.Tokens {
		t.Errorf("stepped to the end: %+v, want as at first %+v", got, end)
	}
	if got := press("previous"); got.Now != end.Last-1 {
		t.Errorf("previous: %+v", got)
	}
	p.do(t, chromedp.Click(chromedp.CSS(".run.open .back")), chromedp.WaitVisible(chromedp.CSS("#gallery")))
	if focused := eval[string](t, p, `document.activeElement.getAttribute('href')`); focused != fmt.Sprintf("#run-%d", n) {
		t.Errorf("back: the focus is on %q", focused)
	}
}

func stepsByKeys(t *testing.T, p *tab, recordings []*evidence.Recording) {
	p.show(t, 1280, fmt.Sprintf("#run-%d", runOf(t, recordings, "closing_with_unread_data")))
	end := at(t, p)
	for _, c := range []struct {
		key  string
		want int
	}{
		{kb.ArrowLeft, end.Last - 1}, {kb.ArrowLeft, end.Last - 2}, {kb.ArrowRight, end.Last - 1},
		{kb.Home, 0}, {kb.ArrowLeft, 0}, {kb.ArrowRight, 1}, {kb.End, end.Last}, {kb.ArrowRight, end.Last},
	} {
		p.do(t, chromedp.KeyEvent(c.key))
		if got := at(t, p); got.Now != c.want {
			t.Fatalf("after the key %U: step %d, want %d", []rune(c.key), got.Now, c.want)
		}
	}
}

// tabToReset moves the focus to the RST by Tab alone.
func tabToReset(t *testing.T, p *tab) {
	t.Helper()
	for range 60 {
		p.do(t, chromedp.KeyEvent(kb.Tab))
		if eval[bool](t, p, `document.activeElement.matches('.step.rst')`) {
			return
		}
	}
	t.Fatal("Tab does not reach the RST")
}

func tooltips(t *testing.T, p *tab, recordings []*evidence.Recording) {
	p.show(t, 1280, fmt.Sprintf("#run-%d", runOf(t, recordings, "closing_with_unread_data")))
	tip := func() string {
		return eval[string](t, p, `(() => { const tip = document.querySelector('#tip'); return tip.hidden ? '' : tip.innerText })()`)
	}
	complete := func(how, text string) {
		t.Helper()
		for _, want := range []string{"RST ACK", "seq", "window\n", "TTL", "IP id", "TCP_ABORT_ON_CLOSE"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in the tooltip %q", how, want, text)
			}
		}
	}
	tabToReset(t, p)
	complete("focus", tip())
	p.do(t, chromedp.KeyEvent(kb.Escape))
	if text := tip(); text != "" {
		t.Errorf("Escape leaves the tooltip %q", text)
	}
	p.do(t, chromedp.KeyEvent(kb.Enter))
	if got, want := at(t, p).Now, eval[int](t, p, `+document.activeElement.dataset.step`); got != want {
		t.Errorf("Enter goes to step %d, want %d", got, want)
	}
	p.show(t, 1280, fmt.Sprintf("#run-%d", runOf(t, recordings, "closing_with_unread_data")))
	middle := await[[]float64](t, p, `(async () => {
		const step = document.querySelector('.run.open .wide .step.rst');
		step.scrollIntoView({ block: 'center', behavior: 'instant' });
		await %s;
		const box = step.getBoundingClientRect();
		return [box.x + box.width / 2, box.y + box.height / 2];
	})()`, frames)
	p.do(t, chromedp.MouseEvent("mouseMoved", middle[0], middle[1]))
	complete("pointer", tip())
}

func fits(t *testing.T, p *tab, recordings []*evidence.Recording) {
	for _, width := range []int64{375, 768, 1280} {
		for run, got := range widths(t, p, width, len(recordings)) {
			if got > width {
				t.Errorf("run %d at %d px is %d px wide", run, width, got)
			}
		}
	}
}
