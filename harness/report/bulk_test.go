package report_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// passedOver is a recording of a connection of which a source kept the sums of
// the middle alone.
func passedOver() *evidence.Recording {
	r := &evidence.Recording{Version: evidence.Version, Level: evidence.Inferred, Scenario: "a long connection",
		Hosts: []evidence.Host{{Name: "client"}, {Name: "server"}},
		Flows: []evidence.Flow{{Client: "10.0.0.1:40000", Server: "10.0.0.2:80", ClientHost: "client", ServerHost: "server"}}}
	r.Events = []evidence.Event{
		{Host: "client", Packet: &evidence.Packet{To: "server", Flags: "SYN"}},
		{At: 1000, Host: "server", Bulk: &evidence.Bulk{To: "client", Segments: 1000, Data: 1000, Bytes: 100_000}},
		{At: 1000, Host: "client", Bulk: &evidence.Bulk{To: "server", Segments: 500}},
		{At: 9000, Host: "client", Packet: &evidence.Packet{To: "server", Flags: "RST", Seq: 1}},
	}
	return r
}

func TestSumsAreDrawnAsARun(t *testing.T) {
	var card, mermaid, bare, page strings.Builder
	r := passedOver()
	for _, err := range []error{
		report.Card(&card, r, report.CardOptions{Width: 120}), report.Mermaid(&mermaid, r), report.Card(&bare, r, report.CardOptions{Bare: true}),
		report.Page(&page, []*evidence.Recording{r}, report.PageOptions{Lede: "3 of 4 <connections>"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"card": card.String(), "mermaid": mermaid.String(), "page": page.String()} {
		for _, want := range []string{"1,000 segments, 100,000 bytes", "500 acknowledgements"} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s does not say %q:\n%s", name, want, text)
			}
		}
	}
	if !strings.Contains(card.String(), "evidence ") || strings.Contains(bare.String(), "evidence ") {
		t.Errorf("what stands below the drawing is in the wrong card:\n%s", bare.String())
	}
	if !strings.Contains(page.String(), "3 of 4 &lt;connections&gt;") {
		t.Error("the page does not begin with what it was told to say")
	}
}

func TestSumsAreStored(t *testing.T) {
	var stored strings.Builder
	if err := passedOver().Write(&stored); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Read(strings.NewReader(stored.String())); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`"segments": -1000`, `"data": 2000`, `"bytes": -1`} {
		name, _, _ := strings.Cut(bad, ":")
		text := stored.String()
		at := strings.Index(text, name)
		end := at + strings.IndexAny(text[at:], ",\n")
		if _, err := evidence.Read(strings.NewReader(text[:at] + bad + text[end:])); err == nil {
			t.Errorf("sums of %s are read", bad)
		}
	}
}
