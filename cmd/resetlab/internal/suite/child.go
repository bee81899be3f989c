package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"

	"github.com/resetlab/resetlab/scenarios"
)

// roundVariable tells a re-executed binary that it is the child of a round,
// and where its order is.
const roundVariable = "RESETLAB_ROUND"

// grace bounds how long the running spec may take to end when the round is
// stopped.
const grace = 3 * time.Second

// Be turns the running binary into the child of a round if its parent asked
// for that with [Run], and does not return then. Otherwise it does nothing.
func Be() {
	directory, asked := os.LookupEnv(roundVariable)
	if !asked {
		return
	}
	os.Unsetenv(roundVariable) // children of ours are not meant
	o, err := readOrder(directory)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(runOrder(directory, o))
}

func readOrder(directory string) (Order, error) {
	var o Order
	text, err := os.ReadFile(filepath.Join(directory, orderFile))
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return o, fmt.Errorf("%s: %w", roundVariable, err)
	}
	return o, nil
}

// runOrder runs the specs and returns the exit status. It tidies up itself:
// the parent may have been killed.
func runOrder(directory string, o Order) int {
	defer os.RemoveAll(directory)
	stdout := os.Stdout
	os.Stdout, formatter.ColorableStdOut = os.Stderr, os.Stderr
	signal.Ignore(syscall.SIGPIPE)
	report(json.NewEncoder(stdout), o)
	parent := followParent(directory)

	t := &verdict{}
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	suiteConfig.FocusStrings = o.focus()
	suiteConfig.GracePeriod = grace
	reporterConfig.NoColor = true
	scenarios.Run(t, suiteConfig, reporterConfig)

	parent.wanted.Store(false)
	stdout.Close() // no more events; the parent collects what was recorded
	<-parent.gone
	if t.failed {
		return 1
	}
	return 0
}

// report sends an event at the beginning and the end of every spec ordered.
func report(events *json.Encoder, o Order) {
	ordered := map[string]bool{}
	for _, text := range o.Specs {
		ordered[text] = true
	}
	var mu sync.Mutex
	send := func(spec string, e Event) {
		mu.Lock()
		defer mu.Unlock()
		if ordered[spec] {
			events.Encode(e) // fails only when the parent is gone, and then we end
		}
	}
	ginkgo.ReportBeforeEach(func(r ginkgo.SpecReport) { send(r.FullText(), Event{Began: r.FullText()}) })
	ginkgo.ReportAfterEach(func(r ginkgo.SpecReport) {
		result := resultOf(r)
		send(result.Spec, Event{Ended: &result})
	})
}

// A parent is what the child knows of its parent.
type parent struct {
	wanted atomic.Bool   // the specs still run, for the parent
	gone   chan struct{} // closed when standard input has ended
}

// followParent interrupts the specs when standard input ends: Ginkgo lets the
// running one clean up and leaves the rest out. A spec that does not end is
// left alone with what it holds, which ends with the process.
func followParent(directory string) *parent {
	p := &parent{gone: make(chan struct{})}
	p.wanted.Store(true)
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // never the default, which is to die at once
	go func() {
		defer close(p.gone)
		io.Copy(io.Discard, os.Stdin)
		if !p.wanted.Load() {
			return
		}
		leave := func() {
			os.RemoveAll(directory)
			os.Exit(1)
		}
		time.AfterFunc(2*grace, leave)
		self, err := os.FindProcess(os.Getpid())
		if err != nil || self.Signal(os.Interrupt) != nil {
			leave() // a system without signals to oneself
		}
	}()
	return p
}

// A verdict is the T that Ginkgo tells whether the suite failed.
type verdict struct{ failed bool }

func (v *verdict) Fail() { v.failed = true }
