package diagnose_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
)

// What is stored of recordings, so that all of them fit into a third of a megabyte.
const (
	segmentsStored = 100 // of the recording; one with more is not stored
	flowsStored    = 8
	bytesStored    = 120 // of each packet: its headers and the first of the payload
)

// keep stores of the recordings in a file what a blind diagnosis needs, and the
// verdicts that it is compared with.
func keep(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	encoder := json.NewEncoder(packed)
	for _, r := range decode(t, in) {
		if r = strip(r); len(r.Events) == 0 || len(r.Events) > segmentsStored || len(r.Flows) > flowsStored {
			continue
		}
		if err := encoder.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// strip leaves the segments of a recording, and the verdicts.
func strip(r *evidence.Recording) *evidence.Recording {
	if r.Spec == "" { // of a script, which has a name and what it shows
		name, _, _ := strings.Cut(r.Scenario, ":")
		r.Spec = "twins/" + name
	}
	bare := &evidence.Recording{Version: r.Version, Spec: r.Spec, Level: r.Level, Hosts: r.Hosts, Flows: r.Flows,
		LostPackets: r.LostPackets}
	place := map[int]int{}
	for i, e := range r.Events {
		if e.Packet == nil {
			continue
		}
		place[i] = len(bare.Events)
		e.Packet.Data = e.Packet.Data[:min(len(e.Packet.Data), bytesStored)]
		bare.Events = append(bare.Events, e)
	}
	for _, reset := range r.Resets {
		if at, found := place[reset.Event]; found {
			bare.Resets = append(bare.Resets, evidence.Reset{Event: at, Flow: reset.Flow, Sender: reset.Sender,
				Host: reset.Host, Reason: reset.Reason})
		}
	}
	return bare
}

// stored returns what keep has stored.
func stored(t *testing.T, name string) []*evidence.Recording {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return decode(t, packed)
}

// decode reads recordings, one behind the other.
func decode(t *testing.T, r io.Reader) []*evidence.Recording {
	t.Helper()
	var recordings []*evidence.Recording
	for decoder := json.NewDecoder(r); ; {
		recording := new(evidence.Recording)
		switch err := decoder.Decode(recording); {
		case err == io.EOF:
			return recordings
		case err != nil:
			t.Fatal(err)
		}
		recordings = append(recordings, recording)
	}
}
