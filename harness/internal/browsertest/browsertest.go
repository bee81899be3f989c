// Package browsertest starts a real, headless Chromium for the tests of pages.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// bound is how long a test may use the browser.
const bound = 2 * time.Minute

// Start starts Chromium, with nothing in it that would ask a network, and ends
// it with the test. Without it the test is skipped, or fails where
// RESETLAB_STRICT forbids skipping. The context is for package chromedp.
func Start(t testing.TB) context.Context {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program(t)), chromedp.NoSandbox, chromedp.DisableGPU,
	}
	for flag := range strings.FieldsSeq(
		"disable-quic no-first-run disable-background-networking disable-component-update disable-sync") {
		options = append(options, chromedp.Flag(flag, true))
	}
	bounded, cancel := context.WithTimeout(context.Background(), bound)
	ctx, _ := chromedp.NewContext(bounded, chromedp.WithAllocatorOptions(options...)) // Cancel below ends it
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close Chromium: %v", err)
		}
		cancel()
	})
	return ctx
}

func program(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const reason = "needs chromium: install the package chromium"
	if os.Getenv("RESETLAB_STRICT") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
	return ""
}
