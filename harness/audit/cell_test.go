package audit_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
)

func TestParseCell(t *testing.T) {
	for _, id := range []string{
		"P7/rst/once/write", "P10.chunk/fin/always/read", "P4.idle/fin-rst/3x/idempotent", "client@17/stall/backend/read",
	} {
		if c, err := audit.ParseCell(id); err != nil || c.ID() != id {
			t.Errorf("%s: got %s, %v", id, c.ID(), err)
		}
	}
	for id, want := range map[string]string{
		"P7/rst/once":            "PLACE/FAULT/REPEAT/OPERATION",
		"/rst/once/write":        "PLACE/FAULT/REPEAT/OPERATION",
		"P7/reset/once/write":    "fault",
		"P7/rst/twice/write":     "repeat",
		"P7/rst/0x/write":        "repeat",
		"P7/rst/once/delete":     "operation",
		"P7/rst/once/write/more": "PLACE/FAULT/REPEAT/OPERATION",
	} {
		if c, err := audit.ParseCell(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error that says %q", id, c, err, want)
		}
	}
}

func FuzzParseCell(f *testing.F) {
	f.Add("P7/rst/once/write")
	f.Add(audit.AtByte(harness.Client, 17) + "/fin/3x/read")
	f.Fuzz(func(t *testing.T, id string) {
		c, err := audit.ParseCell(id)
		if err == nil && c.ID() != id {
			t.Errorf("%q became %q", id, c.ID())
		}
	})
}

// TestShards puts every cell into one shard, whatever else is in the matrix.
func TestShards(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask} })
	whole, err := audit.Matrix(s, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for shard := 1; shard <= 3; shard++ {
		part, err := audit.Matrix(s, audit.Options{Shard: shard, Shards: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range part {
			seen[c.ID()]++
		}
		writes, err := audit.Matrix(s, audit.Options{Shard: shard, Shards: 3, Operations: []audit.Operation{audit.Write}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range writes {
			if seen[c.ID()] == 0 {
				t.Errorf("%s is in another shard when there are fewer cells", c.ID())
			}
		}
	}
	for _, c := range whole {
		if seen[c.ID()] != 1 {
			t.Errorf("%s is in %d shards", c.ID(), seen[c.ID()])
		}
	}
	if len(seen) != len(whole) || len(whole) < 40 {
		t.Errorf("the shards have %d cells, the whole %d", len(seen), len(whole))
	}
}

// TestBadOptions are told before anything starts.
func TestBadOptions(t *testing.T) {
	s := subject(t, func() audit.Client {
		t.Error("a client was opened")
		return &planted{exchange: ask}
	})
	for want, o := range map[string]audit.Options{
		"pattern":         {Only: []string{"["}},
		"each of which":   {Only: []string{"P7/*"}},
		"fault":           {Faults: []audit.Fault{"reset"}},
		"repeat":          {Repeats: []audit.Repeat{"twice"}},
		"operation":       {Operations: []audit.Operation{"delete"}},
		"shard is 4 of 3": {Shard: 4, Shards: 3},
		"shard is 0 of 3": {Shards: 3},
		"no cell is left": {Only: []string{"P99/*/*/*"}},
		"no such place":   {Cells: []audit.Cell{{Place: "P99", Fault: audit.RST, Repeat: audit.Once, Operation: audit.Read}}},
		"keeps none":      {Cells: []audit.Cell{{Place: "P4.idle", Fault: audit.RST, Repeat: audit.Once, Operation: audit.Read}}},
		"fit there":       {Cells: []audit.Cell{{Place: "P7", Fault: audit.Refuse, Repeat: audit.Always, Operation: audit.Read}}},
		"toward the server": {Cells: []audit.Cell{{
			Place: audit.AtByte(harness.Server, 1), Fault: audit.HalfClose, Repeat: audit.Once, Operation: audit.Read,
		}}},
		"allowed are once": {Cells: []audit.Cell{{Place: "P7", Fault: audit.RST, Operation: audit.Read}}},
	} {
		if _, err := audit.Run(t.Context(), s, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
}
