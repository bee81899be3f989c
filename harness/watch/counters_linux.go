package watch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// A countersSource reads the counters of its network namespace, which anybody
// may, and asks which connections there are (sock_diag(7)).
type countersSource struct {
	values map[string]int64
	open   map[string]bool // connections by their ends, established or half closed by the peer
	looked time.Time
	seen   uint64
	blind  error         // why connections are not known
	asking time.Duration // how long the last question took
	asked  time.Time
}

// lookEvery is how often the counters are read.
const lookEvery = time.Second

func openCounters(o Options) (source, error) {
	if f := o.Filter; len(f.Ports)+len(f.Processes)+len(f.Netns)+len(f.Containers) > 0 {
		return nil, errors.New("they tell neither ports nor processes, network namespaces nor containers, for which is asked")
	}
	s := &countersSource{}
	var err error
	if s.values, err = capture.ReadCounters(); err != nil {
		return nil, err
	}
	s.looked = time.Now()
	s.connections()
	return s, nil
}

func (s *countersSource) lacks() []string {
	lacks := []string{"counters tell how many resets there were in this network namespace and which of the kernel's ways they " +
		"took, but not whose they were: the source ebpf does. It takes " + better}
	if s.blind != nil {
		lacks = append(lacks, fmt.Sprintf("which connections are gone is not known either: %v", s.blind))
	}
	return lacks
}

func (s *countersSource) folding(uint16) bool { return false }

func (s *countersSource) holders(func(uint64, Process)) (bool, error) { return false, nil }
func (s *countersSource) counts() (seen, lost uint64)                 { return s.seen, 0 }
func (s *countersSource) close() error                                { return nil }

func (s *countersSource) read(ctx context.Context, until time.Time, each func(Event)) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-timer.C:
	}
	if time.Since(s.looked) < lookEvery {
		return nil
	}
	return s.look(each)
}

func (s *countersSource) finish(each func(Event)) error { return s.look(each) }

// look tells what has come since the last time.
func (s *countersSource) look(each func(Event)) error {
	values, err := capture.ReadCounters()
	if err != nil {
		return err
	}
	s.looked = time.Now()
	gone := s.connections()
	for _, e := range countsOf(s.values, values, s.looked) {
		s.seen += uint64(e.Times)
		if e.Counter != answered && e.Counter != "AttemptFails" { // those had no connection
			e.Gone = gone
		}
		each(e)
	}
	s.values = values
	return nil
}

// mostGone is how many connections are named beside a count.
const mostGone = 4

// connections asks which connections there are, and returns those that are gone
// since it asked last. It does not ask as long as that takes much of the time.
func (s *countersSource) connections() (gone []string) {
	if s.blind != nil || time.Since(s.asked) < share*s.asking {
		return nil
	}
	begun := time.Now()
	now := map[string]bool{}
	going := map[string]bool{}
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagTCP(family)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			s.blind = err
			return nil
		}
		for _, socket := range sockets {
			ends := endsOf(socket)
			switch socket.State {
			case netlink.TCP_ESTABLISHED, netlink.TCP_CLOSE_WAIT:
				now[ends] = true
			default: // it ends as it ought to
				going[ends] = true
			}
		}
	}
	for ends := range s.open {
		if !now[ends] && !going[ends] {
			gone = append(gone, ends)
		}
	}
	s.open, s.asked, s.asking = now, time.Now(), time.Since(begun)
	slices.Sort(gone)
	if more := len(gone) - mostGone; more > 0 {
		gone = append(gone[:mostGone], fmt.Sprintf("and %d more", more))
	}
	return gone
}

func endsOf(s *netlink.Socket) string {
	end := func(ip net.IP, port uint16) string { return net.JoinHostPort(ip.String(), fmt.Sprint(port)) }
	return strings.Join([]string{end(s.ID.Source, s.ID.SourcePort), end(s.ID.Destination, s.ID.DestinationPort)}, " – ")
}
