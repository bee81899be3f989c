package audit_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

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
		writes, err := audit.Matrix(s, audit.Options{Shard: shard, Shards: 3, Operations: []point.Operation{point.Write}})
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
		"fault":           {Faults: []point.Fault{"reset"}},
		"repeat":          {Repeats: []point.Repeat{"twice"}},
		"operation":       {Operations: []point.Operation{"delete"}},
		"shard is 4 of 3": {Shard: 4, Shards: 3},
		"shard is 0 of 3": {Shards: 3},
		"no cell is left": {Only: []string{"P99/*/*/*"}},
		"no such place":   {Cells: []point.Cell{{Place: "P99", Fault: point.RST, Repeat: point.Once, Operation: point.Read}}},
		"keeps none":      {Cells: []point.Cell{{Place: "P4.idle", Fault: point.RST, Repeat: point.Once, Operation: point.Read}}},
		"fit there":       {Cells: []point.Cell{{Place: "P7", Fault: point.Refuse, Repeat: point.Always, Operation: point.Read}}},
		"toward the server": {Cells: []point.Cell{{
			Place: point.AtByte(harness.Server, 1), Fault: point.HalfClose, Repeat: point.Once, Operation: point.Read,
		}}},
		"allowed are once": {Cells: []point.Cell{{Place: "P7", Fault: point.RST, Operation: point.Read}}},
	} {
		if _, err := audit.Run(t.Context(), s, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
}
