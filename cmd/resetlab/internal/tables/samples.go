package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// sampleOfCard returns the card of a recording that is stored, so that its
// times and ports stay what they were.
func sampleOfCard() (string, error) {
	file, err := os.Open("harness/report/testdata/closing_with_unread_data.json")
	if err != nil {
		return "", err
	}
	defer file.Close()
	recording, err := evidence.Read(file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file.Name(), err)
	}
	var card strings.Builder
	if err := report.Card(&card, recording, report.CardOptions{}); err != nil {
		return "", err
	}
	return "```\n" + card.String() + "```\n", nil
}

// sampleOfAudit audits curl at one place and returns the matrix, without the
// line that tells what differs from run to run: its time.
func sampleOfAudit(ctx context.Context) (string, error) {
	var matrix, said bytes.Buffer
	audit := exec.CommandContext(ctx, "go", "run", "./cmd/resetlab", "audit", "http", "--width", "80", "--seed", "1",
		"--faults", "rst,fin", "--only", "P7/*/*/*", "--", "curl", "-sS", "--retry", "2", "--retry-all-errors",
		"-X", "{method}", "{url}")
	audit.Stdout, audit.Stderr = &matrix, &said
	const bad = 1 // the exit status where verdicts are bad, as they are
	var exit *exec.ExitError
	if err := audit.Run(); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == bad) {
		return "", fmt.Errorf("audit curl: %w\n%s", err, said.String())
	}
	_, table, found := strings.Cut(matrix.String(), "\n\n")
	table, _, ended := strings.Cut(table, "\n\n")
	if !found || !ended {
		return "", fmt.Errorf("audit curl: there is no matrix in\n%s%s", matrix.String(), said.String())
	}
	return "```\n" + table + "\n```\n", nil
}
