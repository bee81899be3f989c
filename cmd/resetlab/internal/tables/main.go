// Command tables writes what is generated of the scenarios: the catalogue as
// data, the tables in README.md and scenarios/README.md, from the specs
// themselves, and the README's samples, from real runs. Run it on Linux, which
// has all scenarios, from the root of the project: make tables.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
)

func main() {
	suite.Be() // the samples are of rounds, which re-execute this binary
	if err := generate(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

// generate writes what comes of the specs, and then what takes runs, of which it
// makes every part before it writes one.
func generate(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return errors.New("some scenarios are only on Linux: run it there")
	}
	situations := suite.Situations()
	if err := findSystems(situations); err != nil {
		return err
	}
	err := errors.Join(
		writeData("scenarios/catalogue/data.go", situations),
		replace("README.md", "causes", byCause(situations)),
		replace("scenarios/README.md", "scenarios", byName(situations)),
		replace("scenarios/README.md", "unshown", byUnshown()),
		replace("scenarios/README.md", "words", byWords()))
	if err != nil {
		return err
	}
	verdicts, err := byBoth()
	if err != nil {
		return err
	}
	card, err := sampleOfCard()
	if err != nil {
		return err
	}
	matrix, err := sampleOfAudit(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		replace("README.md", "claims", verdicts),
		replace("README.md", "card", card),
		replace("README.md", "matrix", matrix))
}

// replace puts text between the marks of that name in the file.
func replace(file, name, text string) error {
	begin, end := fmt.Sprintf("<!-- begin %s: make tables -->\n", name), fmt.Sprintf("<!-- end %s -->\n", name)
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, opened := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s has no marks for %s", file, name)
	}
	return atomicfile.Write(file, func(w io.Writer) error {
		_, err := io.WriteString(w, before+begin+text+end+after)
		return err
	})
}
