package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// Sweep writes where the verdicts of a sweep change, for a terminal, with the
// bytes there as Go writes strings, and below each range that is bad or proves nothing what again returns:
// the command that cuts at its first byte. The error is that of writing to w.
func Sweep(w io.Writer, r *verdict.SweepReport, again func(point.Cell) string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s · %s · %s %s: %s to the server, %d to the client, %s in %s\n",
		plain(r.Subject), plain(r.Protocol), r.Operation, r.Repeat, counted(int(r.ToServer), "byte"), r.ToClient, counted(r.Cells, "cut"), lasted(r.Duration))
	if r.Goodbye > 0 {
		fmt.Fprintf(&text, "not cut: %s that it sends when it is closed, and no call with them\n", counted(int(r.Goodbye), "byte"))
	}
	for _, x := range r.Ranges {
		sign := good.sign()
		if x.Verdict.Bad() {
			sign = bad.sign()
		} else if x.Verdict.Unproven() {
			sign = unproven.sign()
		}
		given := x.Verdict.String()
		if len(x.Racy) > 0 {
			given = fmt.Sprintf("racy between %d and %d, %s", x.First, x.Last, plain(strings.Join(x.Racy, " or ")))
		}
		fmt.Fprintf(&text, "%s toward the %s  %-8s %5d to %5d  %s: %.60q | %.60q\n",
			sign, x.Toward, x.Fault, x.First, x.Last, given, x.Before, x.After)
		if x.Verdict.Bad() || x.Verdict.Unproven() {
			fmt.Fprintf(&text, "    %s\n    again: %s\n", plain(x.Verdict.Reason), again(x.Cell(r.Operation, r.Repeat)))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}
