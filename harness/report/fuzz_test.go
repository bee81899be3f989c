package report_test

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// FuzzCard draws whatever decodes, with indices and times of the fuzzer's
// choice put in.
func FuzzCard(f *testing.F) {
	for i, name := range stored(f) {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, i, i-1, int64(i)*int64(time.Second), i*40)
	}
	f.Fuzz(func(t *testing.T, data []byte, at, index int, number int64, width int) {
		r := new(evidence.Recording)
		if json.Unmarshal(data, r) != nil {
			return
		}
		disturb(r, at, index, number)
		var b strings.Builder
		if err := report.Card(&b, r, report.CardOptions{Width: width, Mask: at%2 == 0, Bucket: index%2 == 0}); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.String() {
			if c != '\n' && unicode.IsControl(c) {
				t.Fatalf("%U in the card", c)
			}
		}
		if err := report.Mermaid(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		if err := report.Pcapng(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		if err := report.Page(io.Discard, []*evidence.Recording{r}, report.PageOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

// disturb puts an index and a number into the event, the verdict and the loss
// that at chooses.
func disturb(r *evidence.Recording, at, index int, number int64) {
	at = max(at, -(at + 1))
	if n := len(r.Events); n > 0 {
		e := &r.Events[at%n]
		e.Flow, e.At = index, time.Duration(number)
		if e.Call != nil {
			e.Call.Duration, e.Call.Bytes = time.Duration(number), index
		}
		if e.Packet != nil {
			e.Packet.Len, e.Packet.Window = index, int(number)
		}
	}
	if n := len(r.Resets); n > 0 {
		v := &r.Resets[at%n]
		v.Event, v.Cause, v.Flow = index, int(number), index
		for i := range v.Lost {
			v.Lost[i].Written, v.Lost[i].Delivered = number, int64(index)
		}
	}
}
