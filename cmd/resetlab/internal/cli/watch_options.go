package cli

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/watch"
)

// options checks what was given.
func (f *watchFlags) options() (watch.Options, error) {
	o := watch.Options{Source: f.source, WithoutOwners: !f.owners}
	switch {
	case f.source != "" && !slices.Contains(watch.Sources(), f.source):
		return o, unknown("source", f.source, watch.Sources(), "resetlab watch --help")
	case f.direction != "" && !slices.Contains(directions(), f.direction):
		return o, unknown("direction", f.direction, directions(), "resetlab watch --help")
	case f.lasts < 0:
		return o, badInputf("--for %v: want a time above 0, as 60s", f.lasts)
	case f.count < 0:
		return o, badInputf("--count %d: want a number above 0", f.count)
	}
	if o.Rate = f.rate; f.rate < 0 {
		return o, badInputf("--rate %d: want a number above 0, or 0 for all", f.rate)
	}
	var err error
	if o.Filter, err = f.filter(); err != nil {
		return o, err
	}
	var names []string
	for _, cause := range causes.All() {
		names = append(names, cause.Name)
	}
	for _, cause := range f.causes {
		if !slices.Contains(names, cause) {
			return o, unknown("cause", cause, names, "resetlab explain")
		}
	}
	if o.Ring, err = parseSize(f.ring); err != nil || f.expect == "" {
		return o, err
	}
	file, err := os.Open(f.expect)
	if err != nil {
		return o, badInputf("--expect: %w", err)
	}
	defer file.Close()
	if f.known, err = watch.ParseExpectations(file); err != nil {
		return o, badInputf("--expect %s: %w", f.expect, err)
	}
	return o, nil
}

// filter is what the source is asked for.
func (f *watchFlags) filter() (filter watch.Filter, err error) {
	for _, port := range f.ports {
		if port < 1 || port > 65535 {
			return filter, badInputf("--port %d: want a number from 1 to 65535", port)
		}
		filter.Ports = append(filter.Ports, uint16(port))
	}
	for _, process := range f.processes {
		if process < 1 {
			return filter, badInputf("--pid %d: want a number above 0", process)
		}
	}
	filter.Processes = f.processes
	if f.direction != "" {
		filter.Kinds = []watch.Kind{watch.Kind(f.direction)}
	}
	for _, name := range f.netns {
		inode, err := watch.FindNetns(name)
		if err != nil {
			return filter, badInputf("--netns %s: %w", name, err)
		}
		filter.Netns = append(filter.Netns, inode)
	}
	for _, name := range f.container {
		container, err := watch.FindContainer(name)
		if err != nil {
			return filter, badInputf("--container %s: %w", name, err)
		}
		filter.Containers = append(filter.Containers, container)
	}
	if err := filter.Check(); err != nil {
		return filter, badInput(err)
	}
	return filter, nil
}

func directions() []string {
	return []string{string(watch.Sent), string(watch.Received), string(watch.Failed)}
}

// parseSize reads a size such as 4MiB; "" is 0.
func parseSize(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	number, shift := text, 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20} {
		if before, found := strings.CutSuffix(text, unit); found {
			number, shift = before, bits
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1<<30>>shift || n<<shift < 4096 || n&(n-1) != 0 {
		return 0, badInputf("--ring %q: want a power of two from 4KiB to 1024MiB", text)
	}
	return n << shift, nil
}

// checkViews says which of the views cannot be had, or not together.
func (f *watchFlags) checkViews() error {
	if f.json && f.card || f.json && f.top || f.card && f.top {
		return badInputf("--json, --card and --top: choose one")
	}
	if err := f.style.check(); err != nil {
		return err
	}
	if f.prometheus != "" {
		if _, err := parseListen(f.prometheus); err != nil {
			return fmt.Errorf("--prometheus: %w", err)
		}
	}
	if f.json && f.outputs().toStdout() {
		return badInputf("--json goes to standard output: give --record and --html files")
	}
	return f.outputs().check(f.expect)
}
