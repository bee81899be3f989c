package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/watch"
)

// outputs are the files that watching leaves. They are opened when it has begun,
// and before privileges are given up, so that nothing fills them here.
func (f *watchFlags) outputs() outputs {
	return outputs{{flag: "--record", path: f.record}, {flag: "--html", path: f.html}}
}

// files opens the files.
func (f *watchFlags) files(stdout io.Writer) (watchViews, error) {
	var views watchViews
	if f.record != "" {
		to, err := openOutput(f.record, stdout)
		if err != nil {
			return nil, fmt.Errorf("--record: %w", err)
		}
		views = append(views, &watchRecord{to: to, system: capture.System()})
	}
	if f.html != "" {
		to, err := openOutput(f.html, stdout)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--html: %w", err), views.end(&watch.Summary{}, 0, 0))
		}
		views = append(views, &watchPage{to: to, system: capture.System(), of: map[*evidence.Recording]report.About{}, kinds: map[string]int{}})
	}
	return views, nil
}

// An openedOutput is a file that is open already, or standard output.
type openedOutput struct {
	io.Writer
	file *os.File // nil for standard output
}

func openOutput(path string, stdout io.Writer) (openedOutput, error) {
	if path == toStdout {
		return openedOutput{Writer: stdout}, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return openedOutput{}, err
	}
	return openedOutput{file, file}, nil
}

// clear removes what was in the file.
func (o openedOutput) clear() error {
	if o.file == nil {
		return nil
	}
	about, err := o.file.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return err
	}
	return o.file.Truncate(0)
}

// Close closes what openOutput has opened.
func (o openedOutput) Close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

// A watchRecord writes recordings, each as it comes: whatever ends this process,
// those that came before are in the file. It holds no more than can be read again.
type watchRecord struct {
	to      openedOutput
	system  string
	written int64
	left    int64 // how many found no room
}

func (v *watchRecord) begin(watchIntroduction) error { return v.failed(v.to.clear()) }

func (v *watchRecord) show(d *watch.Diagnosis) error {
	if d.Times > 0 { // it stands for others, which were only counted
		return nil
	}
	var one bytes.Buffer
	if err := writeRecording(&one, d.Recording(v.system)); err != nil {
		return v.failed(err)
	}
	if v.left > 0 || v.written+int64(one.Len()) > longestFile {
		v.left++
		return nil
	}
	n, err := v.to.Write(one.Bytes()) // whole, or not at all
	v.written += int64(n)
	return v.failed(err)
}

func (v *watchRecord) end(*watch.Summary, uint64, uint64) error {
	err := v.to.Close()
	if v.left > 0 {
		err = errors.Join(err, fmt.Errorf("the file is full at %d MiB: %s not in it", longestFile>>20, counted(v.left, "later reset")))
	}
	return v.failed(err)
}

func (v *watchRecord) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--record: %w", terminal.Cause(err))
}

// A watchPage writes the page of what came, at the end: some of each kind.
type watchPage struct {
	to         openedOutput
	system     string
	recordings []*evidence.Recording
	of         map[*evidence.Recording]report.About
	kinds      map[string]int
}

const (
	mostOfKind = 10  // how many resets of one kind a page shows
	mostOnPage = 200 // and how many in all
)

func (v *watchPage) begin(watchIntroduction) error { return nil }

func (v *watchPage) show(d *watch.Diagnosis) error {
	kind := alike(d)
	if d.Times > 0 || len(v.recordings) == mostOnPage || v.kinds[kind] == mostOfKind {
		return nil
	}
	v.kinds[kind]++
	r := d.Recording(v.system)
	v.recordings = append(v.recordings, r)
	v.of[r] = aboutWatched(d)
	return nil
}

// aboutWatched says what is known of a reset, on a page.
func aboutWatched(d *watch.Diagnosis) report.About {
	about := report.About{
		Cause: fmt.Sprintf("%s. Cause: %s (%s). Lost: %s.", d.Why, causeOf(d.Cause, d.Or), d.Level, d.Lost),
		Cure:  d.Cure,
	}
	if d.Settle != "" {
		about.Cause += " What settles it: " + d.Settle + "."
	}
	if d.Shown != "" {
		about.Again = "resetlab run " + d.Shown
	}
	return about
}

func (v *watchPage) end(s *watch.Summary, seen, lost uint64) error {
	lede := fmt.Sprintf("%s came while this machine was watched; of %d events of the kernel %d are lost. ", counted(s.Total(), "reset"), seen, lost)
	if shown := int64(len(v.recordings)); shown < s.Total() {
		lede += fmt.Sprintf("%d of them are below: the first %d of each kind, and no more than %d. ", shown, mostOfKind, mostOnPage)
	}
	for _, group := range byCause(s.Rows()) {
		total := int64(0)
		for _, row := range group {
			total += row.Count
		}
		lede += fmt.Sprintf("%d × %s. ", total, causeOf(group[0].Cause, group[0].Or))
	}
	err := v.to.clear()
	if err == nil {
		about := func(r *evidence.Recording) report.About { return v.of[r] }
		err = report.Page(v.to, v.recordings, report.PageOptions{About: about, Lede: lede})
	}
	if err = errors.Join(err, v.to.Close()); err != nil {
		return fmt.Errorf("--html: %w", terminal.Cause(err))
	}
	return nil
}
