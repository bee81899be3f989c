package cli

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// A cardStyle is how the user wants cards drawn.
type cardStyle struct {
	width int
	color string // "auto", "always" or "never"
}

func (s *cardStyle) register(command *cobra.Command) {
	flags := command.Flags()
	flags.IntVar(&s.width, "width", 0, "`COLUMNS` of a card (default the terminal's, 80 elsewhere)")
	flags.StringVar(&s.color, "color", "auto", "colour: auto, always or never; auto heeds NO_COLOR")
	noError(command.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(
		[]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp)))
}

// check says which flag cannot be used.
func (s cardStyle) check() error {
	switch {
	case s.width < 0 || s.width > 400:
		return badInputf("--width %d: want 1 to 400, or 0 for the terminal's width", s.width)
	case s.color != "auto" && s.color != "always" && s.color != "never":
		return badInputf("--color %s: allowed are auto, always and never", s.color)
	}
	return nil
}

// options are those for a card that goes to w in the end.
func (s cardStyle) options(w io.Writer) report.CardOptions {
	o := report.CardOptions{Width: s.width, Color: s.color == "always"}
	if !isTerminal(w) {
		return o
	}
	if s.color == "auto" { // no-color.org
		o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	if s.width == 0 {
		o.Width, _, _ = term.GetSize(int(w.(*os.File).Fd())) // 0 if it does not tell
	}
	return o
}

// draw writes the card of a recording.
func (s cardStyle) draw(w io.Writer, r *evidence.Recording) error {
	text, err := s.text(w, r)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// text returns the card of a recording as it looks best on w.
func (s cardStyle) text(w io.Writer, r *evidence.Recording) (string, error) {
	var card strings.Builder
	err := report.Card(&card, r, s.options(w))
	return card.String(), err
}
