package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
)

const (
	// mostTraces bounds what one stream holds as long as nobody takes it.
	mostTraces = 1 << 17
	// emptyEvery is how often the kernel's buffer is emptied while there are
	// taps. What other processes do is in it, too: at full speed they fill it
	// in a few times that.
	emptyEvery = 20 * time.Millisecond
	// room is how many KiB the buffers of all processors have together for what
	// happens in between, but each has what it is given by the kernel: leastRoom.
	room, leastRoom = 8 << 10, 1408
)

// A tracer is a trace instance of our own (Documentation/trace/ftrace.rst,
// Instances). It traces while it has taps. The tracepoints are those of the
// whole machine; whoever takes the traces picks his own.
type tracer struct {
	root     *os.File // the mount of tracefs; nil if it was mounted already
	instance string   // the path of our directory
	named    []string // the reasons that are told; empty: none are
	pipe     int

	narrowing narrowing

	emptying *time.Ticker // stopped while there is no tap
	end      chan struct{}
	ended    sync.WaitGroup

	mu     sync.Mutex    // guards the rest
	ahead  time.Duration // of CLOCK_TAI before the wall clock
	rest   []byte        // the beginning of a line
	taps   map[*traceTap]struct{}
	marks  map[uint64]*mark // those that may still come back
	marked uint64           // how many have been written
}

// openKernel makes a trace instance and enables the three tracepoints in it.
func openKernel() (*tracer, error) {
	path, root, err := tracefs()
	if err != nil {
		return nil, fmt.Errorf("reach tracefs: %w: only the machine's root may read the kernel's tracepoints", err)
	}
	t := &tracer{root: root, taps: map[*traceTap]struct{}{}, marks: map[uint64]*mark{}}
	if err := t.open(path); err != nil {
		if root != nil {
			root.Close()
		}
		return nil, fmt.Errorf("trace: %w", err)
	}
	t.emptying, t.end = time.NewTicker(emptyEvery), make(chan struct{})
	t.emptying.Stop()
	t.ended.Go(t.emptyOften)
	return t, nil
}

// emptyOften empties the kernel's buffer before it overflows.
func (t *tracer) emptyOften() {
	for {
		select {
		case <-t.emptying.C:
			t.collect()
		case <-t.end:
			return
		}
	}
}

func (t *tracer) open(path string) error {
	instances := filepath.Join(path, "instances")
	if _, err := sweep(instances); err != nil {
		return err
	}
	var err error
	if t.instance, err = makeInstance(instances); err != nil {
		return err
	}
	if err := t.enable(); err != nil {
		return errors.Join(err, os.Remove(t.instance))
	}
	pipe := filepath.Join(t.instance, "trace_pipe")
	t.pipe, err = unix.Open(pipe, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return errors.Join(fmt.Errorf("open trace_pipe: %w", err), os.Remove(t.instance))
	}
	return nil
}

// enable sets the instance up and leaves it switched off.
func (t *tracer) enable() error {
	each := strconv.Itoa(max(room/runtime.NumCPU(), leastRoom))
	settings := [][2]string{{"tracing_on", "0"}, {"trace_clock", "tai"}, {"buffer_size_kb", each}}
	for _, event := range []string{"sock/" + evidence.StateChanged, "tcp/" + evidence.ResetSent, "tcp/" + evidence.ResetReceived} {
		settings = append(settings, [2]string{"events/" + event + "/enable", "1"})
	}
	for _, setting := range settings {
		if err := t.set(setting[0], setting[1]); err != nil {
			return err
		}
	}
	// Processes stay known when their threads are gone. The kernel then keeps 4
	// bytes for each number that a process may have until it is booted again.
	// Where it has no such option (before Linux 4.13) /proc alone tells.
	if err := t.set("options/record-tgid", "1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	format, err := os.ReadFile(filepath.Join(t.instance, "events/tcp", evidence.ResetSent, "format"))
	t.named = namedReasons(string(format))
	return err
}

func (t *tracer) set(file, value string) error {
	if err := os.WriteFile(filepath.Join(t.instance, file), []byte(value), 0); err != nil {
		return fmt.Errorf("set %s: %w", file, errors.Unwrap(err))
	}
	return nil
}

// tracefs returns a path to tracefs: of a mount that only this process has, so
// that the machine need not have one and is left as it is; or of the mount
// that others have made.
func tracefs() (path string, root *os.File, err error) {
	root, err = mountTracefs()
	if err == nil {
		return fmt.Sprintf("/proc/self/fd/%d", root.Fd()), root, nil
	}
	for _, path := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		if unix.Access(path+"/instances", unix.W_OK) == nil {
			return path, nil, nil
		}
	}
	return "", nil, err
}

// mountTracefs mounts tracefs nowhere (fsopen(2), fsmount(2)).
func mountTracefs() (*os.File, error) {
	context, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("fsopen", err)
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		return nil, os.NewSyscallError("fsconfig", err)
	}
	root, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fsmount", err)
	}
	return os.NewFile(uintptr(root), "tracefs"), nil
}

func (t *tracer) reasons() []string { return t.named }

// follow begins to stream what the tracepoints say of these addresses, nil: of
// all.
func (t *tracer) follow(of *Addresses) (*Stream[KernelEvent], error) {
	t.want(of)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.taps) == 0 {
		if err := t.set("tracing_on", "1"); err != nil {
			t.forget(of)
			return nil, err
		}
		t.emptying.Reset(emptyEvery)
	}
	tap := &traceTap{tracer: t, of: of, stream: newStream[KernelEvent](), seen: begin(time.Now())}
	tap.stream.source = tap
	var err error
	if tap.overrun, err = t.overruns(); err != nil {
		tap.seen.doubt(err.Error())
	}
	t.taps[tap] = struct{}{}
	t.beat()
	return tap.stream, nil
}

// taiAhead returns how far CLOCK_TAI is ahead of the wall clock: whole seconds,
// 0 where nobody has told the kernel. It is asked for in one call: between two
// readings of clocks any time may pass.
func taiAhead() (time.Duration, error) {
	var timex unix.Timex // no modes: nothing is set
	if _, err := unix.Adjtimex(&timex); err != nil {
		return 0, os.NewSyscallError("adjtimex", err)
	}
	return time.Duration(timex.Tai) * time.Second, nil
}

// collect empties the kernel's buffer before it overflows. A tick may still come
// behind the last tap: it opens nothing.
func (t *tracer) collect() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.taps) == 0 {
		return
	}
	t.beat() // an error shows again when a tap ends
}

// beat writes a mark, and hands what there is to the taps until the mark has
// come back. What happens after it does not keep it: it comes in the order of
// time, and on a busy machine there is no end to it. mu is held.
func (t *tracer) beat() error {
	m, doubt := t.mark()
	var err error
	if doubt != nil {
		_, err = t.read(nil)
	} else {
		_, err = t.read(m)
		doubt = m.check()
		delete(t.marks, m.id)
	}
	doubt = errors.Join(doubt, err, t.narrowed())
	for tap := range t.taps {
		if doubt != nil {
			tap.seen.doubt(strings.ReplaceAll(doubt.Error(), "\n", "; "))
			continue
		}
		tap.seen.resume(m.to)
		tap.seen.prove(m.from)
		if len(tap.events) > 0 {
			tap.stream.arrived()
		}
	}
	return err
}

// read hands what there is to the taps, at most until a mark has come back, or
// until what happened after it: the mark was overwritten then. It returns how many lines that were. mu is held.
func (t *tracer) read(until *mark) (lines int, err error) {
	if t.ahead, err = taiAhead(); err != nil {
		return 0, err
	}
	buffer, names := make([]byte, 1<<16), map[string]string{}
	for until == nil || !until.back {
		n, err := unix.Read(t.pipe, buffer)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN || err == nil && n == 0:
			return lines, nil
		case err != nil:
			return lines, fmt.Errorf("read trace_pipe: %w", err)
		}
		t.rest = append(t.rest, buffer[:n]...)
		var last []byte
		for {
			line, rest, found := bytes.Cut(t.rest, []byte("\n"))
			if !found {
				break
			}
			last, t.rest = line, rest
			lines++
			t.hand(line, names)
		}
		if until != nil && until.passed(last, t.ahead) {
			return lines, nil
		}
	}
	return lines, nil
}

func (t *tracer) close() error {
	close(t.end)
	t.ended.Wait()
	err := unix.Close(t.pipe) // an instance in use cannot be removed
	if removed := os.Remove(t.instance); removed != nil {
		err = errors.Join(err, fmt.Errorf("remove the trace instance: %w", removed))
	}
	if t.root != nil {
		err = errors.Join(err, t.root.Close())
	}
	return err
}
