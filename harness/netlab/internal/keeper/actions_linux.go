package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An Action is what a host can be asked for: one of the types that [actions]
// lists, by value. Its exported fields are its arguments. Each is of exactly
// one of the sorts below.
type Action any

// A doer does something in a namespace.
type doer interface{ do(n *namespace) error }

// A receiver does something with a descriptor that was handed over.
type receiver interface {
	receive(n *namespace, fd int) error
}

// An opener opens a descriptor to be handed over.
type opener interface {
	open(n *namespace) (int, error)
}

// An exchanger does something with a descriptor that was handed over, and opens
// one to be handed over.
type exchanger interface {
	exchange(n *namespace, fd int) (int, error)
}

// An answerer answers with something that has a JSON form.
type answerer interface {
	answer(n *namespace) (any, error)
}

func actions() []Action {
	return []Action{
		MakeHost{}, RemoveHost{}, SetSysctl{}, ReadCounters{}, CountTimeWaits{},
		AddLink{}, RemoveLink{}, AddRoute{}, RemoveAddress{},
		Socket{}, DestroySocket{}, Repair{}, OpenTUN{},
		AddRule{}, RemoveRule{}, AddNAT{}, FlushFlows{}, CountFlows{},
		AddSubflow{}, LimitSubflows{}, Fork{}, QuickACK{}, Pin{},
	}
}

// MakeHost makes the host that it is asked of. What there is to do is done
// when it has a namespace.
type MakeHost struct{}

func (MakeHost) do(*namespace) error { return nil }

// SetSysctl sets a sysctl below net, whose name has dots.
type SetSysctl struct {
	Name, Value string
}

// do writes below /proc/sys/net, which shows each thread the settings of its
// own network namespace. What is not of the namespace is not there.
func (a SetSysctl) do(*namespace) error {
	path := filepath.Join("/proc/sys", strings.ReplaceAll(a.Name, ".", "/"))
	if !strings.HasPrefix(path, "/proc/sys/net/") {
		return fmt.Errorf("sysctl %s: allowed are those below net", a.Name)
	}
	if err := os.WriteFile(path, []byte(a.Value), 0); err != nil {
		return fmt.Errorf("sysctl %s=%s: %w", a.Name, a.Value, err)
	}
	return nil
}

// ReadCounters answers with the text of /proc/net/snmp and /proc/net/netstat.
type ReadCounters struct{}

func (ReadCounters) answer(*namespace) (any, error) {
	var text strings.Builder
	for _, file := range []string{"snmp", "netstat"} {
		lines, err := os.ReadFile("/proc/thread-self/net/" + file)
		if err != nil {
			return nil, fmt.Errorf("read the counters: %w", err)
		}
		text.Write(lines)
	}
	return text.String(), nil
}

// CountTimeWaits answers with what /proc/net/sockstat calls tw.
type CountTimeWaits struct{}

func (CountTimeWaits) answer(*namespace) (any, error) {
	text, err := os.ReadFile("/proc/thread-self/net/sockstat")
	if err != nil {
		return nil, fmt.Errorf("count those in TIME-WAIT: %w", err)
	}
	for line := range strings.Lines(string(text)) { // as TCP: inuse 1 orphan 0 tw 2
		words := strings.Fields(line)
		if i := slices.Index(words, "tw"); i > 0 && i+1 < len(words) && words[0] == "TCP:" {
			return strconv.Atoi(words[i+1])
		}
	}
	return nil, fmt.Errorf("count those in TIME-WAIT: %q does not say", text)
}
