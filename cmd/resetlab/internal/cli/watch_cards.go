package cli

import (
	"io"
	"strings"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/watch"
)

// newWatchCards tells of each reset in a card, with the cause and the cure below
// it.
func newWatchCards(out io.Writer, style cardStyle) *watchLines {
	v := newWatchLines(out)
	system := capture.System()
	v.draw = func(d *watch.Diagnosis) (string, error) {
		card, err := style.text(out, d.Recording(system))
		if err != nil {
			return "", err
		}
		var b strings.Builder
		v.causes(&b, d, " ")
		return d.Time.Local().Format(" 15:04:05.000\n") + card + terminal.Printable(b.String()) + "\n", nil
	}
	return v
}
