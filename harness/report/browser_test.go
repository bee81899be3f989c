package report_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/internal/browsertest"
	"github.com/resetlab/resetlab/harness/report"
)

// A tab is a page open in a real, headless Chromium.
type tab struct {
	ctx context.Context
	url string

	said chan string // by the console

	mu    sync.Mutex
	asked []string // of a network
}

// open shows recordings in Chromium.
func open(t *testing.T, recordings ...*evidence.Recording) *tab {
	t.Helper()
	ctx := browsertest.Start(t)
	file := filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Page(f, recordings, report.PageOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	page := &tab{ctx: ctx, said: make(chan string), url: (&url.URL{Scheme: "file", Path: file}).String()}
	if err := chromedp.Listen(ctx, page.listen); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	go page.console(chromedp.Console(ctx))
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	page.emulate(t, "", "light", "reduce")
	page.show(t, 1280, "")
	return page
}

// listen notes what is asked of a network.
func (p *tab) listen(event any) {
	request, ok := event.(*network.EventRequestWillBeSent)
	if !ok || strings.HasPrefix(request.Request.URL, "file:") || strings.HasPrefix(request.Request.URL, "data:") {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, request.Request.URL)
}

// console passes on what the console says until the tab is closed.
func (p *tab) console(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	for m, err := range messages {
		if err != nil {
			return
		}
		select {
		case p.said <- m.String():
		case <-p.ctx.Done():
			return
		}
	}
}

// do runs steps in the tab.
func (p *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
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

// await returns the value of a promise.
func await[T any](t *testing.T, p *tab, format string, args ...any) T {
	t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](fmt.Sprintf(format, args...), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
	return v
}

// frames is a promise that the page has drawn itself and told of scrolling.
const frames = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`

// widths returns how wide the page is with the gallery and with each run.
func widths(t *testing.T, p *tab, width int64, runs int) []int64 {
	t.Helper()
	p.show(t, width, "")
	return await[[]int64](t, p, `(async () => {
		const widths = [];
		for (let run = 0; run <= %d; run++) {
			location.hash = '#run-' + run; // 0 is the gallery
			await %s;
			widths.push(document.documentElement.scrollWidth);
		}
		return widths;
	})()`, runs, frames)
}

// show loads the page anew at a width, with what follows # in its address.
func (p *tab) show(t *testing.T, width int64, hash string) {
	t.Helper()
	p.do(t, chromedp.EmulateViewport(width, 900), chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+hash))
}

// emulate sets the medium, "" for the screen, and what the reader prefers.
func (p *tab) emulate(t *testing.T, medium, scheme, motion string) {
	t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium,
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quiet fails the test if the console said anything or a network was asked.
// The console's messages come in order: one of our own marks their end.
func (p *tab) quiet(t *testing.T) {
	t.Helper()
	const end = "the end of the test"
	p.do(t, chromedp.Evaluate[chromedp.Void](`console.log("`+end+`")`))
	for {
		select {
		case text := <-p.said:
			if strings.Contains(text, end) {
				p.mu.Lock()
				defer p.mu.Unlock()
				if len(p.asked) > 0 {
					t.Errorf("the page asked a network for %q", p.asked)
				}
				return
			}
			t.Errorf("the console: %s", text)
		case <-p.ctx.Done():
			t.Fatalf("the console's messages have no end: %v", context.Cause(p.ctx))
		}
	}
}

// runs returns the stored recordings.
func runs(t *testing.T) []*evidence.Recording {
	t.Helper()
	var out []*evidence.Recording
	for _, name := range stored(t) {
		out = append(out, load(t, name))
	}
	return out
}

func TestPageInChromium(t *testing.T) {
	recordings := runs(t)
	p := open(t, recordings...)
	for _, c := range []struct {
		name string
		test func(*testing.T, *tab, []*evidence.Recording)
	}{
		{"filters by what the client saw", filters},
		{"steps by buttons", stepsByButtons},
		{"steps by keys", stepsByKeys},
		{"shows header fields in focus and under the pointer", tooltips},
		{"never scrolls sideways", fits},
		{"has contrast in light and dark", contrast},
		{"moves nothing for those who want no motion", reducedMotion},
		{"prints", prints},
		{"offers the capture, the recording and Mermaid", downloads},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(t, p, recordings)
			p.quiet(t)
		})
	}
}
