// Package kernels has what is known of the systems on which a script comes out
// otherwise than harness/model says, which is a model of Linux 6.18: a file for
// each system, embedded.
//
// A system that was measured has the figures of the comparison with the model
// (make differential ARGS='-store' writes them, with every difference); of others
// the sources are named. Nothing is said here about what no script shows.
package kernels

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

//go:embed *.json
var files embed.FS

// Model is the name of the system that harness/model is a model of.
const Model = "Linux 6.18"

// A Known says how something is known.
type Known string

// How it is known: by calls that were made there, or by reading.
const (
	Measured    Known = "measured"
	FromSources Known = "from the sources"
)

// A System is what is known of one.
type System struct {
	System      string       `json:"system"`
	Known       Known        `json:"known"`
	Asked       []Asked      `json:"asked,omitempty"` // nothing, unless it was measured
	Differences []Difference `json:"differences,omitempty"`
}

// An Asked is one comparison with the model: a walk of harness/model/testdata, or
// random scripts if Walk is empty.
type Asked struct {
	Walk      string `json:"walk,omitempty"`
	Depth     int    `json:"depth,omitempty"` // calls behind the start of a walk
	States    int    `json:"states,omitempty"`
	Pairs     int    `json:"pairs,omitempty"`   // of a state and a call
	Scripts   int    `json:"scripts,omitempty"` // at random
	Calls     int    `json:"calls"`             // made on the kernel, with those that look at its state
	Different int    `json:"different"`         // pairs or scripts
	// Unjudged are pairs or scripts that came out otherwise where a timer of the
	// kernel may have come first.
	Unjudged int `json:"unjudged,omitempty"`
}

// A Difference is a script whose last line comes out otherwise there.
type Difference struct {
	Script string `json:"script"` // on one line
	Model  string `json:"model"`  // what comes of its last line by the model
	Here   string `json:"here"`   // what comes of it on the system
	Source string `json:"source"` // where that is to be found
}

// All returns the systems in the order of their files' names.
func All() ([]System, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var all []System
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var s System
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Table writes what differs by system, and what was measured, as Markdown.
func Table(w io.Writer) error {
	all, err := All()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| system | script | its last line on %s | there | known |\n|---|---|---|---|---|\n", Model)
	for _, s := range all {
		for _, d := range s.Differences {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s: %s |\n", s.System, strings.ReplaceAll(d.Script, "|", `\|`),
				d.Model, d.Here, s.Known, d.Source)
		}
	}
	fmt.Fprintf(&b, "\n| measured | asked | states | pairs | calls | differences | not judged |\n|---|---|---|---|---|---|---|\n")
	for _, s := range all {
		for _, a := range s.Asked {
			what, states, pairs := fmt.Sprintf("walk %s, depth %d", a.Walk, a.Depth), fmt.Sprint(a.States), fmt.Sprint(a.Pairs)
			if a.Walk == "" {
				what, states, pairs = fmt.Sprintf("%d random scripts", a.Scripts), "", ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %d | %d |\n", s.System, what, states, pairs, a.Calls, a.Different, a.Unjudged)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
