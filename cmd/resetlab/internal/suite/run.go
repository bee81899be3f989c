package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/scenarios"
)

// An Order says what a round runs.
type Order struct {
	Specs []string `json:"specs"` // their names
	// Record says that the specs are to record what happens.
	Record bool `json:"record"`
}

// focus is the order in Ginkgo's words: expressions for the suite's
// description and the spec's text.
func (o Order) focus() (expressions []string, err error) {
	texts := map[string]string{}
	for _, s := range Situations() {
		for _, spec := range s.Specs {
			texts[spec.Name] = spec.Text
		}
	}
	for _, name := range o.Specs {
		text, ok := texts[name]
		if !ok {
			return nil, fmt.Errorf("there is no spec %s: 'make tables' makes the catalogue anew", name)
		}
		expressions = append(expressions, scenarios.FocusOn(text))
	}
	return expressions, nil
}

// A message is what the child tells the parent: first where the recordings
// are, then the results.
type message struct {
	Recordings string  `json:"recordings,omitempty"`
	Ended      *Result `json:"ended,omitempty"`
}

// Run runs one round and hands over the results as they come. The round is
// stopped when ctx ends; the specs that ran are cleaned up then, and the
// error is the context's. That a spec fails is no error of Run.
func Run(ctx context.Context, o Order, each func(Result)) error {
	if len(o.Specs) == 0 {
		return ctx.Err()
	}
	if err := CheckTemporary(); err != nil {
		return err
	}
	err := run(ctx, o, each)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("run the specs: %w", err)
	}
	return nil
}

func run(ctx context.Context, o Order, each func(Result)) (err error) {
	if err := raiseLoopback(); err != nil {
		return err
	}
	// The specs compare process ids with the kernel's traces.
	supervisor, err := program.Supervise(ctx, program.Options{SamePIDs: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, supervisor.Close()) }()
	// The processes of some specs run as strangers, with directories in it.
	if err := os.Chmod(supervisor.Dir(), 0o711); err != nil {
		return err
	}
	log := &tail{}
	child, control, stdout, err := start(ctx, supervisor, log)
	if err != nil {
		return err
	}
	defer stdout.Close()
	defer context.AfterFunc(ctx, func() { control.Close() })()
	json.NewEncoder(control).Encode(o) // fails only if the child has ended, and that is told below
	c := &collector{seen: map[string]bool{}}
	failed, read := c.follow(stdout, each)
	control.Close() // the child tidies up and ends
	io.Copy(io.Discard, stdout)
	ended := child.Err()
	if _, err := child.Stop(grace); err != nil {
		return err
	}
	var exit *program.ExitError
	switch {
	case read != nil:
		return fmt.Errorf("%w: %s", read, log.complaint())
	case errors.As(ended, &exit) && exit.Code == 1 && failed > 0:
		return nil
	case ended != nil:
		return fmt.Errorf("%w: %s", ended, log.complaint())
	}
	return nil
}

// start starts the child of a round. What it makes for a time is in the
// supervisor's directory, and goes with that when this process is killed.
func start(ctx context.Context, s *program.Supervisor, log *tail) (
	child *program.Program, control, stdout *os.File, err error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	theirs, control, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	defer theirs.Close()
	stdout, messages, err := os.Pipe()
	if err != nil {
		control.Close()
		return nil, nil, nil, err
	}
	defer messages.Close()
	child, err = s.Start(ctx, program.Command{
		Args: []string{binary}, Env: append(os.Environ(), roundVariable+"=1", "TMPDIR="+s.Dir()),
		Dir: ".", Stdin: theirs, Stdout: messages, Stderr: log,
	})
	if err != nil {
		control.Close()
		stdout.Close()
	}
	return child, control, stdout, err
}

// follow passes the child's results on, with what was recorded, and counts the
// specs that failed.
func (c *collector) follow(stdout io.Reader, each func(Result)) (failed int, err error) {
	messages := json.NewDecoder(stdout)
	for {
		var m message
		if err := messages.Decode(&m); errors.Is(err, io.EOF) {
			return failed, nil
		} else if err != nil {
			return failed, fmt.Errorf("read the results of the round: %w", err)
		}
		if m.Ended == nil {
			c.directory = m.Recordings
			continue
		}
		if c.directory != "" {
			if m.Ended.Recordings, err = c.collect(m.Ended.Spec); err != nil {
				return failed, err
			}
		}
		if m.Ended.State == Failed {
			failed++
		}
		each(*m.Ended)
	}
}
