package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// unknown says that there is no such name, and which ones may be meant: those
// that contain what was typed, and those that differ in a few letters.
func unknown(kind, typed string, names []string, see string) error {
	meant := near(typed, names)
	if len(meant) == 0 {
		return badInputf("there is no %s %q: see '%s'", kind, typed, commandLine(strings.Fields(see)[1:]...))
	}
	return badInputf("there is no %s %q: do you mean %s?", kind, typed, strings.Join(meant[:min(5, len(meant))], ", "))
}

// near returns the names that may be meant.
func near(typed string, names []string) []string {
	meant := containing(typed, names)
	// cobra measures the distance for its own commands: let it do so here.
	catalogue := &cobra.Command{SuggestionsMinimumDistance: max(1, min(3, len(typed)/3))}
	for _, name := range names {
		if !strings.Contains(name, " ") {
			catalogue.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
		}
	}
	for _, name := range catalogue.SuggestionsFor(typed) {
		if !slices.Contains(meant, name) {
			meant = append(meant, name)
		}
	}
	return meant
}

func containing(typed string, names []string) []string {
	var meant []string
	plain := strings.ToLower(strings.ReplaceAll(typed, " ", "-"))
	for _, name := range names {
		if plain != "" && strings.Contains(strings.ToLower(name), plain) {
			meant = append(meant, name)
		}
	}
	return meant
}
