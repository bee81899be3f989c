package audits_test

import (
	"slices"
	"testing"

	"github.com/resetlab/resetlab/audits"
)

// A race is not what was measured each time; everything else in the table is.
func TestTablesAreComparedWithoutRaces(t *testing.T) {
	const (
		before = "text\n\n| client | | P1 | P4.race ~ | P5 |\n|---|---|---|---|---|\n"
		row    = "| a | read | ok | error | ok |\n"
		behind = "\n| client | | P13 |\n|---|---|---|\n| b | read | ok |\n"
	)
	for _, c := range []struct {
		name, now string
		others    []string
	}{
		{"the same", before + row + behind, nil},
		{"another race", before + "| a | read | ok | retried | ok |\n" + behind, nil},
		{"another verdict", before + "| a | read | ok | error | masked |\n" + behind,
			[]string{"-| a | read | ok | | ok |", "+| a | read | ok | | masked |"}},
		{"another verdict of a table without races", before + row + "\n| client | | P13 |\n|---|---|---|\n| b | read | error |\n",
			[]string{"-| b | read | ok |", "+| b | read | error |"}},
		{"a row less", before + behind, []string{"-| a | read | ok | | ok |"}},
	} {
		if got := audits.OtherLines(before+row+behind, c.now); !slices.Equal(got, c.others) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.others)
		}
	}
}
