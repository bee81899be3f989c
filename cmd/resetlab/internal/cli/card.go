package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// A cardStyle is how the user wants cards drawn.
type cardStyle struct {
	width int    // 0 is the terminal's
	least int    // the narrowest width that there is
	color string // "auto", "always" or "never"
}

// register adds the flags; least is how many columns there must be.
func (s *cardStyle) register(command *cobra.Command, least int) {
	s.least = least
	flags := command.Flags()
	flags.IntVar(&s.width, "width", 0, fmt.Sprintf(
		"`COLUMNS` to fill, %d to %d (default the terminal's, 80 elsewhere)", least, report.MostWidth))
	flags.StringVar(&s.color, "color", "auto", "`WHEN` to use colour: auto, always or never; auto heeds NO_COLOR")
	noError(command.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(
		[]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp)))
}

// check says which flag cannot be used.
func (s cardStyle) check() error {
	switch {
	case s.width != 0 && (s.width < s.least || s.width > report.MostWidth):
		return badInputf("--width %d: want %d to %d columns, or 0 for the terminal's width", s.width, s.least, report.MostWidth)
	case s.color != "auto" && s.color != "always" && s.color != "never":
		return badInputf("--color %s: allowed are auto, always and never", s.color)
	}
	return nil
}

// options are those for a card that goes to w in the end.
func (s cardStyle) options(w io.Writer) report.CardOptions {
	o := report.CardOptions{Width: s.width, Color: s.color == "always"}
	if !terminal.Is(w) {
		return o
	}
	if s.color == "auto" { // no-color.org
		o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	if s.width == 0 {
		o.Width = terminal.Width(w)
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
	options := s.options(w)
	err := report.Card(&card, r, options)
	if err == nil && s.width > 0 {
		err = s.excuse(&card, r, options)
	}
	return card.String(), err
}

// excuse says below a card that it is wider than was asked for, if it is:
// several hosts side by side need room.
func (s cardStyle) excuse(card io.Writer, r *evidence.Recording, options report.CardOptions) error {
	var plain strings.Builder
	options.Color = false
	if err := report.Card(&plain, r, options); err != nil {
		return err
	}
	columns := 0
	for line := range strings.Lines(plain.String()) {
		columns = max(columns, uniseg.StringWidth(strings.TrimSuffix(line, "\n")))
	}
	if columns > s.width {
		fmt.Fprintf(card, " (this card needs %d columns, more than --width %d)\n", columns, s.width)
	}
	return nil
}
