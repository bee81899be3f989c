package netlab

import "github.com/resetlab/resetlab/harness/netlab/internal/keeper"

// AcknowledgeAtOnce switches delayed acknowledgements off on the host's
// loopback, but at 127.0.0.1: by the attribute quickack of the route to
// 127.0.0.0/8 (ip-route(8)).
func (h *Host) AcknowledgeAtOnce() error { return h.do(keeper.QuickACK{}) }

// Pin has all that the network's keeper does for its hosts done on one
// processor, by its number in sched_setaffinity(2).
func (h *Host) Pin(processor int) error { return h.do(keeper.Pin{Processor: processor}) }

// Repair puts a TCP socket into repair mode: closing it sends nothing. The
// descriptor stays the caller's (TCP_REPAIR).
func (h *Host) Repair(fd int) error { return h.network.keeper.Give(h.name, keeper.Repair{}, fd) }
