package kernel_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// BenchmarkCost measures what watching costs whoever resets: the processor's time
// of a cycle of connecting, a request, a reply and a reset over the loopback, both
// ends in one thread, with the programs attached as a multiple of without. All are
// measured in turn, without twice, and what that differs is no cost. Where the kernel
// puts the programs and their maps changes the cost of all rounds: so they are loaded
// again and again. It prints the medians, and between what they are with 95 % (by
// resampling the loads, and the rounds of each); and what of it the programs take by
// the kernel's own count, which a busy machine changes less.
func BenchmarkCost(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for b.Loop() {
		var c costs
		for load := range loads {
			c.load(b, load == loads-1)
		}
		fmt.Printf("\ngoal watch_cycle %.1f us without watching, off/off %.3f\n", c.median(c.all(), 0)/1e3, c.ratio(c.all(), 1, 0))
		fmt.Printf("goal watch_reader %.2f us a record, of %d, under 2\n", float64(c.reading.Nanoseconds())/1e3/float64(c.records), c.records)
		c.check(b, "watch_cycle_resets", 2, 1.05)
		c.check(b, "watch_cycle_owners", 3, 1.10)
		fmt.Print(c.programs)
	}
}

// The programs are loaded so often, and measured in so many rounds each time. A
// round measures so many cycles of each, after some that warm up.
const loads, rounds, warm, cycles = 8, 25, 50, 200

// load loads the programs and adds the rounds, and what the programs take after the
// last ones.
func (c *costs) load(b *testing.B, last bool) {
	b.Helper()
	server := newCycleServer(b)
	resets, err := kernel.Open(kernel.Options{WithoutOwners: true})
	if err != nil {
		b.Skip(err)
	}
	defer resets.Close()
	owners, err := kernel.Open(kernel.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer owners.Close()
	if err := errors.Join(resets.Detach(), owners.Detach()); err != nil {
		b.Fatal(err)
	}
	c.tracers = []*kernel.Tracer{nil, nil, resets, owners}
	c.took = append(c.took, nil)
	for round := range rounds {
		c.measure(b, server, round)
	}
	if last {
		c.programs = ofPrograms(b, "watch_programs_resets", resets, server) +
			ofPrograms(b, "watch_programs_owners", owners, server)
	}
}

// measure adds a round of each tracer to those of the last load.
func (c *costs) measure(b *testing.B, server *cycleServer, round int) {
	var one [4]float64
	for i := range c.tracers {
		which := (i + round) % len(c.tracers) // none is always the first
		tracer := c.tracers[which]
		if err := attachFirst(tracer, c.tracers[3]); err != nil {
			b.Fatal(err)
		}
		for range warm {
			server.cycle(b)
		}
		begun := processorTime(b)
		for range cycles {
			server.cycle(b)
		}
		one[which] = float64(processorTime(b)-begun) / cycles
		if tracer == nil {
			continue
		}
		begun = processorTime(b)
		c.records += readAll(b, tracer)
		c.reading += processorTime(b) - begun
		if err := tracer.Detach(); err != nil {
			b.Fatal(err)
		}
	}
	last := len(c.took) - 1
	c.took[last] = append(c.took[last], one)
}

func readAll(b *testing.B, tracer *kernel.Tracer) (records int) {
	b.Helper()
	var err error
	for err == nil {
		err = tracer.Read(time.Now(), func(*kernel.Record) { records++ })
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		b.Fatal(err)
	}
	return records
}

// ofPrograms says what each program takes of a cycle: the median of as many
// rounds. The kernel's looks at the clock are in it, some 25 ns for each run.
func ofPrograms(b *testing.B, name string, tracer *kernel.Tracer, server *cycleServer) (line string) {
	b.Helper()
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		b.Fatal(err)
	}
	defer stats.Close()
	if err := tracer.Attach(); err != nil {
		b.Fatal(err)
	}
	took := map[string][]float64{}
	for range rounds {
		before := programs(b, tracer)
		for range cycles {
			server.cycle(b)
		}
		sum := 0.0
		for program, after := range programs(b, tracer) {
			nanoseconds := float64((after.Runtime - before[program].Runtime).Nanoseconds()) / cycles
			took[program] = append(took[program], nanoseconds)
			sum += nanoseconds
		}
		took["all"] = append(took["all"], sum)
		readAll(b, tracer)
	}
	if err := tracer.Detach(); err != nil {
		b.Fatal(err)
	}
	line = "goal " + name
	for _, program := range slices.Sorted(maps.Keys(took)) {
		slices.Sort(took[program])
		line += fmt.Sprintf(" %s %.0f", program, took[program][rounds/2])
	}
	return line + " ns a cycle\n"
}

// attachFirst attaches the tracer, or where there is none another one for a moment:
// what attaching does to the caches is no cost of a cycle, and the same everywhere.
func attachFirst(tracer, another *kernel.Tracer) error {
	if tracer != nil {
		return tracer.Attach()
	}
	return errors.Join(another.Attach(), another.Detach())
}

// costs are what cycles took in each round of each load: without twice, with resets
// only, and with owners; and how long it took to read how many records.
type costs struct {
	tracers  []*kernel.Tracer // nil: none
	took     [][][4]float64
	reading  time.Duration
	records  int
	programs string
}

func (c *costs) all() [][4]float64 { return slices.Concat(c.took...) }

// resampled are as many loads with as many rounds each, any of which may be there
// several times.
func (c *costs) resampled(random *rand.Rand) (all [][4]float64) {
	for range c.took {
		load := c.took[random.IntN(len(c.took))]
		for range load {
			all = append(all, load[random.IntN(len(load))])
		}
	}
	return all
}

func (c *costs) median(rounds [][4]float64, which int) float64 {
	var all []float64
	for _, round := range rounds {
		all = append(all, round[which])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (c *costs) ratio(rounds [][4]float64, of, by int) float64 {
	var all []float64
	for _, round := range rounds {
		all = append(all, round[of]/round[by])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// check prints the ratio on/off ÷ off/off, and fails where it is surely above the
// bar.
func (c *costs) check(b *testing.B, name string, which int, bar float64) {
	b.Helper()
	quotient := func(rounds [][4]float64) float64 { return c.ratio(rounds, which, 0) / c.ratio(rounds, 1, 0) }
	random := rand.New(rand.NewPCG(1, 2))
	var resampled []float64
	for range 2000 {
		resampled = append(resampled, quotient(c.resampled(random)))
	}
	slices.Sort(resampled)
	least, most := resampled[50], resampled[1949]
	value, missed := quotient(c.all()), ""
	if value > bar {
		missed = " MISSED"
	}
	fmt.Printf("ratio %s %.3f bar <=%.2f%s (95 %%: %.3f to %.3f; on/off %.3f)\n",
		name, value, bar, missed, least, most, c.ratio(c.all(), which, 0))
	if least > bar {
		b.Errorf("%s is %.3f, surely above %.3f, want at most %.2f", name, value, least, bar)
	}
}

// processorTime is what this thread has used.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(now.Nano())
}

// A cycleServer is a listener whose connections the client's thread accepts.
type cycleServer struct {
	listener int
	address  *unix.SockaddrInet4
}

func newCycleServer(b *testing.B) *cycleServer {
	b.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 16)); err != nil {
		b.Fatal(err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		b.Fatal(err)
	}
	return &cycleServer{fd, address.(*unix.SockaddrInet4)}
}

// cycle connects, asks, is answered and is reset, for the server closes with a
// byte unread.
func (s *cycleServer) cycle(b *testing.B) {
	var buffer [2]byte
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	if err := unix.Connect(client, s.address); err != nil {
		b.Fatal(err)
	}
	conn, _, err := unix.Accept4(s.listener, unix.SOCK_CLOEXEC)
	if err != nil {
		b.Fatal(err)
	}
	_, asked := unix.Write(client, []byte("ab"))
	_, read := unix.Read(conn, buffer[:1])
	_, answered := unix.Write(conn, []byte("c"))
	_, got := unix.Read(client, buffer[:])
	unix.Close(conn)
	_, reset := unix.Read(client, buffer[:])
	unix.Close(client)
	if err := errors.Join(asked, read, answered, got); err != nil || reset != unix.ECONNRESET {
		b.Fatalf("the cycle went as %v, and ended with %v", err, reset)
	}
}
