package offline_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// FuzzCapture: whatever comes, the answer is an error or a report that fits
// together, and the same each time.
func FuzzCapture(f *testing.F) {
	f.Add(pcap(aReset(1).packets...))
	f.Add(pcap(slices.Concat(newFilm(2).open().ask().finish().packets, aReset(2).packets)...))
	f.Add([]byte("12:00:00.000001 IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1, win 1, length 0\n" +
		"12:00:00.000002 IP 10.0.0.2.80 > 10.0.0.1.40000: Flags [R.], seq 0, ack 2, win 0, length 0\n"))
	f.Add([]byte("12:00:00.1 IP 192.0.2.1.40000 > 192.0.2.2.80: Flags [S], seq 1, win 1, length 0\n" +
		"12:00:00.2 IP 192.0.2.9 > 192.0.2.1: ICMP 192.0.2.2 tcp port 80 unreachable, length 60\n"))
	f.Add([]byte("read: connection reset by peer"))
	f.Fuzz(func(t *testing.T, input []byte) {
		r, err := reported(input)
		if err != nil {
			return
		}
		c, ended := r.Connections, uint64(0)
		for _, e := range r.Ends {
			ended += e.Count
		}
		if c.Reset+ended != c.All || int(c.Reset) != len(r.Found)+r.Unlisted {
			t.Errorf("%+v, %d ended otherwise, %d found and %d not listed", c, ended, len(r.Found), r.Unlisted)
		}
		for i, found := range r.Unreachable {
			if found.Number != len(r.Found)+i+1 || found.Resets != 0 || found.Diagnosis.End != diagnose.EndUnreachable || found.Recording == nil {
				t.Errorf("%+v", found)
			}
			var stored bytes.Buffer
			if err := found.Recording.Write(&stored); err != nil {
				t.Error(err)
			}
			if _, err := evidence.Read(&stored); err != nil {
				t.Errorf("its recording cannot be read: %v", err)
			}
		}
		for i, found := range r.Found {
			if found.Number != i+1 || found.Resets < 1 {
				t.Errorf("connection %d of %d has number %d and %d RSTs", i+1, len(r.Found), found.Number, found.Resets)
			}
			if found.Recording == nil {
				continue
			}
			var stored bytes.Buffer
			if err := found.Recording.Write(&stored); err != nil {
				t.Error(err)
			}
			if _, err := evidence.Read(&stored); err != nil {
				t.Errorf("its recording cannot be read: %v", err)
			}
		}
		var first, second bytes.Buffer
		again, _ := reported(input)
		r.Write(&first)
		again.Write(&second)
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Error("the same capture is diagnosed in two ways")
		}
	})
}
