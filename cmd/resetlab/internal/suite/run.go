package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/resetlab/resetlab/scenarios"
)

// An Order says what a round runs.
type Order struct {
	Specs []string `json:"specs"` // their texts
	// Record says that the specs are to record what happens.
	Record bool `json:"record"`
}

const orderFile = "order.json"

// focus is the order in Ginkgo's words: expressions for the suite's
// description and the spec's text.
func (o Order) focus() []string {
	var expressions []string
	for _, text := range o.Specs {
		expressions = append(expressions, " "+regexp.QuoteMeta(text)+"$")
	}
	return expressions
}

// Run runs one round and hands over its events as they come. The round is
// stopped when ctx ends; the specs that ran are cleaned up then, and the
// error is the context's. That a spec fails is no error of Run.
func Run(ctx context.Context, o Order, each func(Event)) error {
	if len(o.Specs) == 0 {
		return nil
	}
	directory, err := os.MkdirTemp("", "resetlab-round-")
	if err != nil {
		return fmt.Errorf("run the specs: %w", err)
	}
	defer os.RemoveAll(directory)
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("run the specs: %w", err)
	}
	if err := os.WriteFile(filepath.Join(directory, orderFile), text, 0o600); err != nil {
		return fmt.Errorf("run the specs: %w", err)
	}
	if err := run(ctx, directory, o, each); err != nil {
		return fmt.Errorf("run the specs: %w", err)
	}
	return ctx.Err()
}

func run(ctx context.Context, directory string, o Order, each func(Event)) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	log := &tail{}
	child := exec.Command(binary)
	child.Env = append(os.Environ(), roundVariable+"="+directory)
	recordings := &collector{directory: filepath.Join(directory, "recordings"), seen: map[string]bool{}}
	if o.Record {
		if err := os.Mkdir(recordings.directory, 0o700); err != nil {
			return err
		}
		child.Env = append(child.Env, scenarios.RecordingsVariable+"="+recordings.directory)
	}
	child.Stderr = log
	child.SysProcAttr = ownGroup()
	child.WaitDelay = grace // what the specs started may hold standard error
	control, err := child.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { control.Close() })()
	failed, read := follow(stdout, recordings, each)
	control.Close() // the child tidies up and ends
	io.Copy(io.Discard, stdout)
	ended := child.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil // the caller knows
	case read != nil:
		return fmt.Errorf("%w: %s", read, log.complaint())
	case errors.As(ended, &exit) && exit.ExitCode() == 1 && failed > 0:
		return nil
	case ended != nil:
		return fmt.Errorf("%w: %s", ended, log.complaint())
	}
	return nil
}

// follow passes the child's events on, with what was recorded, and counts the
// specs that failed.
func follow(stdout io.Reader, recordings *collector, each func(Event)) (failed int, err error) {
	events := json.NewDecoder(stdout)
	for {
		var e Event
		if err := events.Decode(&e); errors.Is(err, io.EOF) {
			return failed, nil
		} else if err != nil {
			return failed, fmt.Errorf("read the events of the round: %w", err)
		}
		if e.Ended != nil {
			if e.Recordings, err = recordings.collect(e.Ended.Spec); err != nil {
				return failed, err
			}
			if e.Ended.State == Failed {
				failed++
			}
		}
		each(e)
	}
}
