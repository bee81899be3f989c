package harness

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// bandwidthType is the name under which our bandwidth toxic is registered
// with toxiproxy, whose registry is shared by the whole process.
const bandwidthType = "resetlab_bandwidth"

// bandwidth is toxiproxy's bandwidth toxic with one difference: when it is
// taken out of a connection that is over, it lets go of its bytes at once and
// in silence. Toxiproxy's own logs that to the process's standard error.
type bandwidth struct {
	// Rate is in kilobytes a second.
	Rate int64 `json:"rate"`
}

// slice is how often a chunk that takes longer is passed on in part, as in
// toxiproxy.
const slice = 100 * time.Millisecond

// Pipe passes chunks on at the rate until the stream ends or it is interrupted.
func (b *bandwidth) Pipe(stub *toxics.ToxicStub) {
	perSlice := b.Rate * slice.Milliseconds() // kB/s are bytes a millisecond
	timer := time.NewTimer(0)
	defer timer.Stop()
	var owed time.Duration // what the wire still needs for the bytes so far
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			for len(chunk.Data) > 0 {
				part := &stream.StreamChunk{Data: chunk.Data, Timestamp: chunk.Timestamp}
				if int64(len(part.Data)) > perSlice {
					part.Data = part.Data[:perSlice]
				}
				owed += time.Duration(len(part.Data)) * time.Millisecond / time.Duration(b.Rate)
				start := time.Now()
				timer.Reset(owed)
				select {
				case <-timer.C:
				case <-stub.Interrupt:
					stub.Output <- chunk
					return
				}
				owed -= time.Since(start) // the timer's lateness is credit
				stub.Output <- part
				chunk.Data = chunk.Data[len(part.Data):]
			}
		}
	}
}
