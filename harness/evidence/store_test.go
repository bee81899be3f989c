package evidence_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// stored is a recording with something in every part.
func stored() *evidence.Recording {
	r := &evidence.Recording{
		Version: evidence.Version, Scenario: "a server closes with unread data", System: "Linux 6.18",
		Level:   evidence.Observed,
		Started: time.Date(2026, 11, 20, 9, 15, 4, 98000, time.UTC),
		Hosts:   []evidence.Host{{Name: "client", IP: "127.0.0.1"}, {Name: "proxy", Proxy: true}, {Name: "server"}},
		Flows: []evidence.Flow{{Client: "127.0.0.1:1", Server: "127.0.0.1:2", ClientHost: "client",
			ServerHost: "server"}},
		Events: []evidence.Event{
			{Host: "server", Call: &evidence.Call{Call: tcp.Call{Op: "accept", Ending: "open"}, Conn: 2}},
			{At: 1000, Host: "client", Packet: &evidence.Packet{To: "server", Flags: "PSH ACK", Seq: 1, Ack: 1, Len: 2, TTL: 64}},
			{At: 2000, Host: "server", Call: &evidence.Call{Call: tcp.Call{Op: "close", Ending: "open"}, Conn: 2}},
			{At: 3000, Host: "server", State: &evidence.StateChange{From: "ESTABLISHED", To: "CLOSE"}},
			{At: 4000, Host: "server", Packet: &evidence.Packet{To: "client", Flags: "RST ACK", Seq: 1, Ack: 3, TTL: 64}},
			{At: 4000, Host: "server", Trace: &evidence.ResetTrace{Name: evidence.ResetSent, Reason: "TCP_ABORT_ON_CLOSE",
				Process: "toy-7"}},
			{At: 5000, Flow: -1, Host: "server", Line: &evidence.Line{Program: "toy", Stderr: true, Text: "bye\x1b[2J", Cut: true}},
			{At: 6000, Flow: -1, Host: "server", Exit: &evidence.Exit{Program: "toy", Status: -1, Signal: "killed"}},
		},
		Resets: []evidence.Reset{{Event: 4, Sender: evidence.Application, Host: "server", By: "toy-7 close()", Cause: 2,
			Reason: "TCP_ABORT_ON_CLOSE", Why: "its owner closed with received bytes unread", Level: evidence.Observed,
			Clue: "tcp_send_reset says that no segment was answered (skbaddr is 0)"}},
		Counters: []evidence.CounterDelta{{Name: "OutRsts", By: 1, Noisy: true}},
		Missing:  []evidence.MissingLane{{Lane: evidence.Counters, Why: "a test"}},
		Outcomes: []tcp.Outcome{{Host: "client", Conn: 1, Calls: []tcp.Call{{Op: "connect", Ending: "open"}},
			Ending: "open"}},
	}
	return r
}

func text(t testing.TB, r *evidence.Recording) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadGivesWhatWasWritten(t *testing.T) {
	want := stored()
	got, err := evidence.Read(strings.NewReader(text(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	good := text(t, stored())
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the recording has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, test := range []struct{ name, text, says string }{
		{"nothing", "", "it is empty"},
		{"something else", `{"a": 1}`, "no version"},
		{"a report", `{"version": 2, "cells": []}`, "no level: it is no recording"},
		{"a page", "<html>", "no JSON"},
		{"half of it", good[:len(good)/2], "it is cut off"},
		{"two of them", good + good, "no JSON"},
		{"a later version", with(`"version": 1`, `"version": 2`), "version is 2"},
		{"an unknown level", with(`"level": "observed"`, `"level": "guessed"`), `level is "guessed"`},
		{"a flow that is not there", with(`"flow": 0`, `"flow": 1`), "event 0: flow is 1: the recording has 1"},
		{"a negative flow", with(`"flow": 0`, `"flow": -2`), "flow is -2"},
		{"a near side that is not there", with(`"client_host"`, `"nat": "router", "near": 1, "client_host"`),
			"flow 0: near is 1: the recording has 1"},
		{"a reset without its event", with(`"event": 4`, `"event": 9`), "reset 0: event is 9"},
		{"a reset of another event", with(`"event": 4`, `"event": 1`), "event 1 is no RST"},
		{"a cause that is not there", with(`"cause": 2`, `"cause": 99`), "cause is 99"},
		{"an unknown sender", with(`"sender": "application"`, `"sender": "gremlin"`), `sender is "gremlin"`},
		{"an event of no kind", with(`"state": {`, `"stage": {`), "of 0 kinds"},
		{"an event of two kinds", with(`"state": {`, `"call": {"op": "read"}, "state": {`), "of 2 kinds"},
		{"a number out of range", with(`"ttl": 64`, `"ttl": 1e99`), "its events.packet.ttl is a number 1e99"},
		{"a negative length", with(`"len": 2`, `"len": -2`), "length is negative"},
	} {
		_, err := evidence.Read(strings.NewReader(test.text))
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", test.name, err, test.says)
		}
	}
}

func TestReadIsBounded(t *testing.T) {
	read := 0
	endless := reader(func(b []byte) (int, error) {
		read += len(b)
		return len(b), nil
	})
	if _, err := evidence.Read(endless); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("got %v, want it to be refused", err)
	}
	const most = 64 << 20
	if read > 2*most {
		t.Errorf("it read %d bytes, want an end after %d", read, most)
	}
	broken := errors.New("broken")
	if _, err := evidence.Read(io.MultiReader(strings.NewReader("{"), reader(func([]byte) (int,
		error) {
		return 0, broken
	}))); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

type reader func([]byte) (int, error)

func (r reader) Read(b []byte) (int, error) { return r(b) }

func FuzzRead(f *testing.F) {
	good := text(f, stored())
	for _, seed := range []string{
		good, good[:len(good)/2], "{}", `{"version":1,"level":"observed"}`,
		`{"version":1,"level":"app-only","events":[null]}`,
		`{"version":1,"level":"inferred","resets":[{"sender":"unknown","event":-1,"cause":-1,"flow":-1}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := evidence.Read(bytes.NewReader(data))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %v", err)
			}
			return
		}
		_ = r.String()
		again, err := evidence.Read(strings.NewReader(text(t, r)))
		if err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
		if _, err := evidence.Read(strings.NewReader(text(t, again))); err != nil {
			t.Fatalf("what was read twice cannot be read: %v", err)
		}
	})
}
