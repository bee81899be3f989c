package matchers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A RecordingMatcher matches a [*evidence.Recording]. It demands only what the
// recording can know: where the lane that would tell is named as missing, or
// has lost something, it is content. So it is not to be negated; there is
// [ShowNoReset].
type RecordingMatcher struct {
	want  string
	holds func(*evidence.Recording) (bool, error)
}

// Match compares; anything but a *evidence.Recording is an error.
func (m RecordingMatcher) Match(actual any) (bool, error) {
	recording, ok := actual.(*evidence.Recording)
	if !ok || recording == nil {
		return false, fmt.Errorf("a recording is wanted, not %T", actual)
	}
	return m.holds(recording)
}

// FailureMessage says what was wanted and tells the recording.
func (m RecordingMatcher) FailureMessage(actual any) string {
	return fmt.Sprintf("the recording does not show %s:\n%v", m.want, actual)
}

// NegatedFailureMessage says that the matcher is not made for this.
func (m RecordingMatcher) NegatedFailureMessage(actual any) string {
	return fmt.Sprintf("a matcher of recordings cannot be negated: what is not shown may have been missed. "+
		"Shown, or not to be known, is %s:\n%v", m.want, actual)
}

// knows says whether a recording has all that a lane would tell.
func knows(r *evidence.Recording, lane evidence.Lane) bool {
	switch lane {
	case evidence.Wire:
		return r.LostPackets == 0 && !r.Lacks(lane)
	case evidence.Kernel:
		return r.LostEvents == 0 && !r.Lacks(lane)
	}
	return !r.Lacks(lane)
}

// A ResetCondition says more of the RST that [ShowReset] wants.
type ResetCondition struct {
	want  string
	holds func(*evidence.Recording, *evidence.Reset) bool
}

// ShowReset matches a recording with a RST that meets all conditions. Where
// neither the wire nor the kernel was recorded, a RST that no end was told of
// is not missed.
func ShowReset(conditions ...ResetCondition) RecordingMatcher {
	want := "a RST"
	for _, c := range conditions {
		want += " " + c.want
	}
	return RecordingMatcher{want, func(r *evidence.Recording) (bool, error) {
		for i := range r.Resets {
			met := func(c ResetCondition) bool { return c.holds(r, &r.Resets[i]) }
			if !slices.ContainsFunc(conditions, func(c ResetCondition) bool { return !met(c) }) {
				return true, nil
			}
		}
		return r.LostPackets > 0 || len(r.Resets) == 0 && !knows(r, evidence.Wire) && !knows(r, evidence.Kernel), nil
	}}
}

// ShowUnsentReset matches a recording with a RST that meets all conditions and
// that the kernel meant to send, but that never was on the wire. It needs the
// kernel lane and the wire.
func ShowUnsentReset(conditions ...ResetCondition) RecordingMatcher {
	unsent := ResetCondition{"that never was on the wire", func(_ *evidence.Recording, reset *evidence.Reset) bool {
		return reset.Event < 0
	}}
	m := ShowReset(append(slices.Clone(conditions), unsent)...)
	return RecordingMatcher{m.want, func(r *evidence.Recording) (bool, error) {
		if !knows(r, evidence.Kernel) || !knows(r, evidence.Wire) {
			return true, nil
		}
		return m.holds(r)
	}}
}

// ShowNoReset matches a recording without any RST: none on the wire, none
// that the kernel meant to send, none that an end was told of. One behind the
// end of a connection is none of its: an acknowledgement that a busy processor
// kept back comes to TIME-WAIT, whose answer finds nobody any more (RFC 1337,
// section 2).
func ShowNoReset() RecordingMatcher {
	return RecordingMatcher{"that nobody sent a RST", func(r *evidence.Recording) (bool, error) {
		before := func(reset evidence.Reset) bool { return !behindTheEnd(r, reset) }
		return !slices.ContainsFunc(r.Resets, before), nil
	}}
}

// behindTheEnd says whether a RST answers an acknowledgement, of nobody's
// connection, and both ends of the connection had sent their FIN before, and
// nothing but acknowledgements since.
func behindTheEnd(r *evidence.Recording, reset evidence.Reset) bool {
	if reset.Event < 0 || r.Events[reset.Event].Packet.Flags != "RST" || len(reset.Lost) > 0 {
		return false
	}
	finished, answered := map[string]bool{}, false
	for _, event := range r.Events[:reset.Event] {
		switch p := event.Packet; {
		case p == nil || event.Flow != reset.Flow:
		case strings.Contains(p.Flags, "FIN"):
			finished[event.Host] = true
		case len(finished) == 2 && p.Flags != "RST":
			answered = p.Flags == "ACK" && p.Len == 0
			if !answered {
				return false
			}
		}
	}
	return answered
}

// SentBy wants the RST to have been sent by this kind of sender at that host,
// "" for none. Without the kernel's word an unknown sender will do.
func SentBy(sender evidence.Sender, host string) ResetCondition {
	want := "sent by " + string(sender)
	if host != "" {
		want += " at " + host
	}
	return ResetCondition{want, func(r *evidence.Recording, reset *evidence.Reset) bool {
		if reset.Sender == evidence.Unknown && !knows(r, evidence.Kernel) {
			return true
		}
		return reset.Sender == sender && reset.Host == host
	}}
}

// Because wants the kernel to have sent the RST for this reason, such as
// "TCP_ABORT_ON_CLOSE". Without the kernel's word no reason will do; one that
// could be inferred must be this.
func Because(reason string) ResetCondition {
	return ResetCondition{"because of " + reason, func(r *evidence.Recording, reset *evidence.Reset) bool {
		return reset.Reason == reason || reset.Reason == "" && !knows(r, evidence.Kernel)
	}}
}

// WithFlags wants the RST to have had these flags on the wire: "RST ACK" if
// its sender had a connection, "RST" if it answers a segment that has none.
func WithFlags(flags string) ResetCondition {
	return ResetCondition{"with the flags " + flags, func(r *evidence.Recording, reset *evidence.Reset) bool {
		if reset.Event < 0 {
			return !knows(r, evidence.Wire)
		}
		return r.Events[reset.Event].Packet.Flags == flags
	}}
}

// ShowStates matches a recording in which a socket at the host went through
// these states one after the other, in the kernel's names: "ESTABLISHED",
// "CLOSE". It needs the kernel lane.
func ShowStates(host string, states ...string) RecordingMatcher {
	want := fmt.Sprintf("a socket at %s going %s", host, strings.Join(states, " → "))
	return RecordingMatcher{want, func(r *evidence.Recording) (bool, error) {
		if len(states) < 2 {
			return false, errors.New("ShowStates wants two states or more")
		}
		if !knows(r, evidence.Kernel) {
			return true, nil
		}
		paths := map[int][]string{}
		for _, event := range r.Events {
			if event.State == nil || event.Host != host {
				continue
			}
			if path := paths[event.Flow]; len(path) == 0 || path[len(path)-1] != string(event.State.From) {
				paths[event.Flow] = append(path, "", string(event.State.From)) // another socket, or a gap
			}
			paths[event.Flow] = append(paths[event.Flow], string(event.State.To))
		}
		for _, path := range paths {
			for i := range path {
				if slices.Equal(path[i:min(i+len(states), len(path))], states) {
					return true, nil
				}
			}
		}
		return false, nil
	}}
}

// MoveCounter matches a recording during which a counter, such as "OutRsts",
// moved by so much, or by at least that where others use it too. It needs the
// counters lane.
func MoveCounter(name string, by int64) RecordingMatcher {
	want := fmt.Sprintf("the counter %s moving by %d", name, by)
	return RecordingMatcher{want, func(r *evidence.Recording) (bool, error) {
		if !slices.Contains(evidence.CounterNames(), name) {
			return false, fmt.Errorf("no counter %q is watched: there are %s", name,
				strings.Join(evidence.CounterNames(), ", "))
		}
		if !knows(r, evidence.Counters) {
			return true, nil
		}
		for _, delta := range r.Counters {
			if delta.Name == name {
				return delta.By == by || delta.Noisy && delta.By > by, nil
			}
		}
		return by == 0, nil
	}}
}
