package cli_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/script"
)

// TestBeside: where a kernel does something else than the model the line is
// marked, and it is said where they part.
func TestBeside(t *testing.T) {
	scripts, err := script.Parse("client write \"ab\"\nserver close\nclient await rst\nclient read 1 → EOF\nclient read 1")
	if err != nil {
		t.Fatal(err)
	}
	outcomes := model.Outcomes(scripts[0])
	happened := outcomes[0]
	happened.Steps = append([]script.Step(nil), happened.Steps...)
	if got := cli.Beside(outcomes, happened); !strings.HasSuffix(got, "\nkernel and model agree\n") {
		t.Errorf("the model's own answer:\n%s", got)
	}
	last := len(happened.Steps) - 2
	happened.Steps[last].Results = []script.Result{{Kind: script.EOF}}
	happened.Waiting = []string{"client/x: read 1"}
	const want = `                    kernel   model
client write "ab" → 2        2
server close      → ok       ok
client await rst  → ok       ok
client read 1     → EOF    ≠ ECONNRESET
client read 1     → EOF      EOF
client/x: read 1 still waits at the end (kernel)
kernel and model DIFFER, first in line 4: client read 1
`
	if got := cli.Beside(outcomes, happened); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	happened.Steps[last].Doubt = "the machine was too slow"
	const doubted = `client read 1     → EOF    ? ECONNRESET   the machine was too slow
`
	const parted = "\nkernel and model agree up to a line that came too late to be compared\n"
	if got := cli.Beside(outcomes, happened); !strings.Contains(got, doubted) || !strings.HasSuffix(got, parted) {
		t.Errorf("in doubt:\n%s", got)
	}
}
