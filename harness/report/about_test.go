package report_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// TestCardSteps: the pieces are the card, one more than there are steps, and
// each but the head begins with a step's time.
func TestCardSteps(t *testing.T) {
	for _, name := range stored(t) {
		r := load(t, name)
		options := report.CardOptions{Width: 100, Color: true}
		var card strings.Builder
		if err := report.Card(&card, r, options); err != nil {
			t.Fatal(err)
		}
		pieces := report.CardSteps(r, options)
		if strings.Join(pieces, "") != card.String() {
			t.Errorf("%s: the pieces are not the card", name)
		}
		if len(pieces) < 2 || !strings.Contains(pieces[0], "─") {
			t.Errorf("%s: %d pieces, the first %q", name, len(pieces), pieces[0])
		}
		options.Color = false
		for i, piece := range report.CardSteps(r, options)[1:] {
			if strings.HasPrefix(strings.TrimSpace(piece), "⋮") { // time passed before it
				_, piece, _ = strings.Cut(piece, "\n")
			}
			if !strings.HasPrefix(strings.TrimSpace(piece), "+") {
				t.Errorf("%s: step %d begins %q", name, i, piece)
			}
		}
	}
}

// TestPageAbout: what is known of a situation stands on the page, as text.
func TestPageAbout(t *testing.T) {
	about := func(r *evidence.Recording) report.About {
		return report.About{Cause: "a <cause>", Cure: "the cure", Twin: "the twin", Again: "resetlab run " + r.Spec}
	}
	var page strings.Builder
	err := report.Page(&page, []*evidence.Recording{load(t, "refused")}, report.PageOptions{About: about})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<dd>a &lt;cause&gt;</dd>", "<dd>the cure</dd>", "<dd>the twin</dd>",
		"<code>resetlab run refusing-a-connection/refused</code>"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}
