package suite

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"

	"github.com/resetlab/resetlab/scenarios"
)

// roundVariable tells a re-executed binary that it is the child of a round.
const roundVariable = "RESETLAB_ROUND"

// When a round is stopped the running spec has patience to come to its end,
// then it is interrupted and has grace to clean up.
const (
	patience = 500 * time.Millisecond
	grace    = 3 * time.Second
)

// Be turns the running binary into the child of a round if its parent asked
// for that with [Run], and does not return then. Otherwise it does nothing.
func Be() {
	if os.Getenv(roundVariable) == "" {
		return
	}
	os.Unsetenv(roundVariable) // children of ours are not meant
	status, err := be()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 2
	}
	os.Exit(status)
}

// be runs the specs that standard input orders and returns the exit status.
func be() (status int, err error) {
	var o Order
	stdin, stdout := bufio.NewReader(os.Stdin), os.Stdout
	text, err := stdin.ReadBytes('\n')
	if err != nil {
		return 0, fmt.Errorf("read the order: %w", err)
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return 0, fmt.Errorf("read the order: %w", err)
	}
	focus, err := o.focus()
	if err != nil {
		return 0, err
	}
	os.Stdout, formatter.ColorableStdOut = os.Stderr, os.Stderr
	signal.Ignore(syscall.SIGPIPE) // a parent that is gone is no reason to leave things behind
	directory := ""
	if o.Record {
		if directory, err = temporary(); err != nil {
			return 0, err
		}
		defer os.RemoveAll(directory)
		os.Setenv(scenarios.RecordingsVariable, directory)
	}
	messages := json.NewEncoder(stdout) // fails only when the parent is gone, and then we end
	messages.Encode(message{Recordings: directory})
	ginkgo.ReportAfterEach(func(r ginkgo.SpecReport) {
		if result, ran := resultOf(r); ran && slices.Contains(o.Specs, result.Spec) {
			messages.Encode(message{Ended: &result})
		}
	})
	parent := followParent(stdin, directory)
	ginkgo.BeforeEach(func(ginkgo.SpecContext) {
		if parent.left.Load() {
			ginkgo.AbortSuite("the round was stopped")
		}
	})
	passed := runSpecs(focus)
	parent.wanted.Store(false)
	stdout.Close() // no more messages; the parent collects what was recorded
	<-parent.gone
	if !passed {
		return 1, nil
	}
	return 0, nil
}

func runSpecs(focus []string) bool {
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	suiteConfig.FocusStrings = focus
	suiteConfig.GracePeriod = grace
	reporterConfig.NoColor = true
	return scenarios.Run(new(verdict), suiteConfig, reporterConfig)
}

// A verdict is the T that Ginkgo tells whether the suite failed, which it
// returns as well.
type verdict struct{}

// Fail does nothing.
func (*verdict) Fail() {}

// A parent is what the child knows of its parent.
type parent struct {
	wanted atomic.Bool   // the specs still run, for the parent
	left   atomic.Bool   // standard input ended while they did
	gone   chan struct{} // closed when standard input has ended
}

// followParent stops the specs when standard input ends: between two of them
// or, if one takes long, by interrupting it. Ginkgo lets it clean up. A spec
// that does not end is left alone with what it holds, which ends with the
// process.
func followParent(stdin io.Reader, directory string) *parent {
	p := &parent{gone: make(chan struct{})}
	p.wanted.Store(true)
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // never the default, which is to die at once
	leave := func() {
		os.RemoveAll(directory)
		os.Exit(1)
	}
	interrupt := func() {
		self, err := os.FindProcess(os.Getpid())
		if err != nil || self.Signal(os.Interrupt) != nil {
			leave() // a system without signals to oneself
		}
	}
	go func() {
		defer close(p.gone)
		io.Copy(io.Discard, stdin)
		if p.wanted.Load() {
			p.left.Store(true)
			time.AfterFunc(patience, interrupt)
			time.AfterFunc(patience+2*grace, leave)
		}
	}()
	return p
}
