package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/resetlab/resetlab/harness/internal/jsonerror"
)

// maxStored bounds a stored recording, in bytes.
const maxStored = 64 << 20

// Write writes the recording as JSON, one document with a newline behind it.
// The fields are those of [Recording] and what is below it.
func (r *Recording) Write(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

// Read reads a recording that [Recording.Write] has written, here or
// elsewhere. It refuses other versions, more than 64 MiB, and a recording
// whose parts refer to parts that it does not have.
func Read(r io.Reader) (*Recording, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxStored+1))
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	if len(text) > maxStored {
		return nil, fmt.Errorf("read the recording: it has more than %d MiB", maxStored>>20)
	}
	var recording Recording
	if err := recording.parse(text); err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	return &recording, nil
}

func (r *Recording) parse(text []byte) error {
	var head struct {
		Version *int             `json:"version"`
		Level   *json.RawMessage `json:"level"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return jsonerror.Explain(err)
	}
	if head.Version == nil {
		return errors.New("it has no version: it is no recording")
	}
	if head.Level == nil {
		return errors.New("it has no level: it is no recording")
	}
	if *head.Version != Version {
		return fmt.Errorf("its version is %d: this program reads version %d", *head.Version, Version)
	}
	if err := json.Unmarshal(text, r); err != nil {
		return jsonerror.Explain(err)
	}
	return r.check()
}

// check says what does not fit together.
func (r *Recording) check() error {
	switch r.Level {
	case Observed, Inferred, AppOnly:
	default:
		return fmt.Errorf("its level is %q: known are %s, %s and %s", r.Level, Observed, Inferred, AppOnly)
	}
	for i, f := range r.Flows {
		if f.NAT != "" && (f.Near < 0 || f.Near >= len(r.Flows)) {
			return fmt.Errorf("flow %d: near is %d: the recording has %d", i, f.Near, len(r.Flows))
		}
	}
	for i := range r.Events {
		if err := r.checkEvent(&r.Events[i]); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
	}
	for i := range r.Resets {
		if err := r.checkReset(&r.Resets[i]); err != nil {
			return fmt.Errorf("reset %d: %w", i, err)
		}
	}
	return nil
}

func (r *Recording) checkEvent(e *Event) error {
	kinds := 0
	for _, is := range []bool{e.Call != nil, e.Packet != nil, e.ICMP != nil, e.State != nil, e.Trace != nil, e.Figures != nil,
		e.Bulk != nil, e.Line != nil, e.Exit != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("it is of %d kinds: want one of call, packet, icmp, state, trace, figures, bulk, line and exit", kinds)
	}
	if e.Packet != nil && (e.Packet.Len < 0 || e.Packet.Length < 0) {
		return errors.New("a length is negative")
	}
	if b := e.Bulk; b != nil && (b.Segments < 0 || b.Data < 0 || b.Data > b.Segments || b.Bytes < 0) {
		return errors.New("its sums are of nothing that can be")
	}
	return within("flow", e.Flow, len(r.Flows))
}

func (r *Recording) checkReset(reset *Reset) error {
	switch reset.Sender {
	case Application, KernelReply, Timer, Between, Unknown:
	default:
		return fmt.Errorf("its sender is %q: known are %s, %s, %s, %s and %s",
			reset.Sender, Application, KernelReply, Timer, Between, Unknown)
	}
	if err := within("event", reset.Event, len(r.Events)); err != nil {
		return err
	}
	if err := within("cause", reset.Cause, len(r.Events)); err != nil {
		return err
	}
	if reset.Event >= 0 && (r.Events[reset.Event].Packet == nil || !r.Events[reset.Event].Packet.RST()) {
		return fmt.Errorf("its event %d is no RST", reset.Event)
	}
	return within("flow", reset.Flow, len(r.Flows))
}

// within checks an index, which is -1 where there is nothing.
func within(what string, index, count int) error {
	if index < -1 || index >= count {
		return fmt.Errorf("%s is %d: the recording has %d", what, index, count)
	}
	return nil
}
