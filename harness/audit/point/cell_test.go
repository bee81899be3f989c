package point_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

func TestParseCell(t *testing.T) {
	for _, id := range []string{
		"P7/rst/once/write", "P10.chunk/fin/always/read", "P4.idle/fin-rst/3x/idempotent", "client@17/stall/backend/read",
	} {
		if c, err := point.ParseCell(id); err != nil || c.ID() != id {
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
		if c, err := point.ParseCell(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error that says %q", id, c, err, want)
		}
	}
}

func FuzzParseCell(f *testing.F) {
	f.Add("P7/rst/once/write")
	f.Add(point.AtByte(harness.Client, 17) + "/fin/3x/read")
	f.Fuzz(func(t *testing.T, id string) {
		c, err := point.ParseCell(id)
		if err == nil && c.ID() != id {
			t.Errorf("%q became %q", id, c.ID())
		}
	})
}
