package model_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/model/kernels"
	"github.com/resetlab/resetlab/harness/script"
)

// note keeps a script that comes out otherwise than by the model, up to the line
// that does.
func (k *kernel) note(predicted, happened script.Answer) {
	for i, step := range predicted.Steps {
		if i >= len(happened.Steps) || model.Same(step, happened.Steps[i]) {
			continue
		}
		var lines []string
		for _, before := range happened.Steps[:i+1] {
			if !before.Line.Implied() {
				lines = append(lines, before.Line.String())
			}
		}
		k.found = append(k.found, kernels.Difference{Script: strings.Join(lines, "; "), Model: step.Result(),
			Here: happened.Steps[i].Result(), Source: "make differential"})
		return
	}
}

// store writes what was asked, and what differed, into this kernel's file, in the
// place of the same walk, unless that went deeper.
func (k *kernel) store(asked kernels.Asked) {
	if !*store || k.runner == nil {
		return
	}
	name := release(k)
	path := filepath.Join("kernels", "linux-"+name+".json")
	s := kernels.System{System: "Linux " + name, Known: kernels.Measured}
	old, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(old, &s)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		k.t.Fatal(err)
	}
	same := func(a kernels.Asked) bool { return a.Walk == asked.Walk }
	if at := slices.IndexFunc(s.Asked, same); at < 0 || s.Asked[at].Depth <= asked.Depth {
		s.Asked = append(slices.DeleteFunc(s.Asked, same), asked)
	}
	slices.SortFunc(s.Asked, func(a, b kernels.Asked) int { return strings.Compare(a.Walk, b.Walk) })
	for _, d := range k.found {
		if !slices.Contains(s.Differences, d) {
			s.Differences = append(s.Differences, d)
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := errors.Join(encoder.Encode(s), os.WriteFile(path, text.Bytes(), 0o644)); err != nil {
		k.t.Fatal(err)
	}
}

// release is the running kernel's, without what is behind its second number.
func release(k *kernel) string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		k.t.Fatal(err)
	}
	numbers := strings.SplitN(unix.ByteSliceToString(u.Release[:]), ".", 3)
	return strings.Join(numbers[:min(2, len(numbers))], ".")
}
