package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
)

// A progress shows how far something is: a bar on a terminal, nothing
// elsewhere.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(w io.Writer, total int, what string) progress {
	if !terminal.Is(w) {
		return progress{}
	}
	return progress{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
	)}
}

func (p progress) step() {
	if p.bar != nil {
		p.bar.Add(1) // fails only when the terminal is gone
	}
}

// describe changes what stands before the bar.
func (p progress) describe(what string) {
	if p.bar != nil {
		p.bar.Describe(what)
	}
}

// clear makes room for other lines; the next step draws the bar again.
func (p progress) clear() {
	if p.bar != nil {
		p.bar.Clear()
	}
}

// finish takes the bar away.
func (p progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

// A byteProgress shows how much of something was read: a bar on a terminal, if
// there is so much that somebody waits for it.
type byteProgress struct{ bar *progressbar.ProgressBar }

func newByteProgress(w io.Writer, total int64, what string) byteProgress {
	const little = 32 << 20 // bytes, which are read at once
	if !terminal.Is(w) || total < little {
		return byteProgress{}
	}
	return byteProgress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(30),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
	)}
}

// Write counts what was read.
func (p byteProgress) Write(b []byte) (int, error) {
	if p.bar != nil {
		p.bar.Add(len(b)) // fails only when the terminal is gone
	}
	return len(b), nil
}

// finish takes the bar away.
func (p byteProgress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

// specsFailed says that what was seen cannot be relied on.
type specsFailed struct {
	count int
	first string
}

func (f *specsFailed) Error() string {
	return fmt.Sprintf("failed specs: %d, the first: %s", f.count, f.first)
}

// runQuietly runs specs once for what they saw, with a bar on standard error,
// and hands over each that has ended. The error is a *specsFailed if some
// failed.
func runQuietly(cmd *cobra.Command, o suite.Order, each func(suite.Result)) error {
	bar := newProgress(cmd.ErrOrStderr(), len(o.Specs), "running the specs")
	defer bar.finish()
	failed := &specsFailed{}
	err := suite.RunTogether(cmd.Context(), o, func(r suite.Result) {
		bar.step()
		each(r)
		if r.State != suite.Failed {
			return
		}
		if failed.count++; failed.count == 1 {
			failed.first = r.Text
		}
	})
	if err == nil && failed.count > 0 {
		return failed
	}
	return err
}
