package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/program/strace"
)

// CheckTracing says why programs cannot be traced here. It runs strace once, on
// itself.
func CheckTracing(ctx context.Context) error {
	path, err := exec.LookPath("strace")
	if err != nil {
		return errors.New("agent: system calls are seen by strace, which is not in PATH: install it (Debian and Fedora: strace)")
	}
	args := append(strace.Arguments(), os.DevNull, path, "-V")
	if said, err := exec.CommandContext(ctx, path, args...).CombinedOutput(); err != nil {
		first, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
		return fmt.Errorf("agent: system calls cannot be seen: strace ends with %w: %s "+
			"(it needs version 5.3 and ptrace(2), which containers may forbid)", err, bounded(string(first)))
	}
	return nil
}

// Tracer returns what runs the command below strace: see [CheckTracing].
func (c Command) Tracer() audit.Tracer { return tracer{c} }

type tracer struct{ command Command }

// Trace makes a private directory for the log.
func (t tracer) Trace(point.Cell) (audit.Tracing, error) {
	directory, err := os.MkdirTemp("", "resetlab-trace-")
	if err != nil {
		return nil, fmt.Errorf("agent: make room for what strace prints: %w", err)
	}
	return tracing{t.command, directory}, nil
}

type tracing struct {
	command   Command
	directory string
}

func (t tracing) log() string { return filepath.Join(t.directory, "log") }

// Open returns a client that runs the program below strace.
func (t tracing) Open(ctx context.Context, to audit.Target) (audit.Client, error) {
	below := slices.Concat([]string{"strace"}, strace.Arguments(), []string{t.log(), "--"})
	t.command.Args = append(below, t.command.Args...)
	return t.command.Open(ctx, to)
}

// Stop reads the log and removes it. Where no program was run there is none.
func (t tracing) Stop() (log *strace.Log, err error) {
	defer func() { err = errors.Join(err, os.RemoveAll(t.directory)) }()
	file, err := os.Open(t.log())
	if errors.Is(err, os.ErrNotExist) {
		return &strace.Log{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	defer file.Close()
	return strace.Read(file)
}
