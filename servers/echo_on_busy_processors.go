package servers

import (
	"context"
	"runtime"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
)

// EchoOnBusyProcessors is a process that echoes, and at the same time keeps
// every processor busy with twice as many loops as there are processors.
func EchoOnBusyProcessors(ctx context.Context, listener *lab.Listener, report func(lab.Outcome)) error {
	var started, loops sync.WaitGroup
	defer loops.Wait()
	for range 2 * runtime.NumCPU() {
		started.Add(1)
		loops.Go(func() {
			started.Done()
			for ctx.Err() == nil {
			}
		})
	}
	started.Wait()
	return lab.HandlerProcess(Echo)(ctx, listener, report)
}
